import assert from 'node:assert/strict';
import { test } from 'node:test';

import { z } from 'zod';

import { HIDDEN, hideSecrets } from './hide-secrets.js';

const schema = z.strictObject({
  user: z.string().default(''),
  password: z.string().default('').meta({ secret: true }),
  tokens: z.array(z.strictObject({ role: z.string(), token: z.string().meta({ secret: true }) })).default([]),
});

test('secrets are hidden wherever they stand, and what is empty is seen to be empty', () => {
  const config = schema.parse({ user: 'ada', password: 'p', tokens: [{ role: 'viewer', token: 't' }] });
  assert.deepEqual(hideSecrets(schema, config), {
    user: 'ada',
    password: HIDDEN,
    tokens: [{ role: 'viewer', token: HIDDEN }],
  });
  assert.deepEqual(hideSecrets(schema, schema.parse({})), { user: '', password: '', tokens: [] });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { difference, type MadeFrom } from './made-from.js';

const made: MadeFrom = {
  input: { bytes: 1000, changedMs: 5 },
  models: [
    { name: 'hng-skip', version: '0.1.0', sha256: 'aa' },
    { name: 'fer-residual', version: '0.1.0', sha256: 'bb' },
  ],
  options: { window: { size: 1, hop: 0.5 }, analyze: { start: null, references: false } },
};

test('what is made from the same is not made again, and else a person reads why', () => {
  assert.equal(difference(made, JSON.parse(JSON.stringify(made)) as MadeFrom), null);
  const newer = { name: 'fer-residual', version: '0.2.0', sha256: 'cc' };
  assert.equal(
    difference(made, { ...made, models: [...made.models.slice(0, 1), newer] }),
    'there is a new model (fer-residual 0.2.0)',
  );
  assert.equal(difference(made, { ...made, input: { ...made.input, bytes: 1001 } }), 'the file has changed');
  assert.equal(
    difference(made, {
      ...made,
      options: { window: { size: 1, hop: 0.25 }, analyze: { start: null, references: true } },
    }),
    'options differ (window.hop, --references)',
  );
});

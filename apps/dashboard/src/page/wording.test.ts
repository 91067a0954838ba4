import assert from 'node:assert/strict';
import { test } from 'node:test';

import { person } from './wording.js';

test('people whose ids begin alike are told apart, however many there are', () => {
  const ids = [1, 12, 1000, 10_000, 123_456_789].map((n) => `a1b2c3-${n}`);
  assert.equal(new Set(ids.map(person)).size, ids.length);
  assert.equal(person('a1b2c3-1000'), 'a1b2c3-1000');
  for (const id of [...ids, 'e58ed763-928c-4155-bee9-fdbaaadc15f3']) assert.ok(person(id).length <= 14);
});

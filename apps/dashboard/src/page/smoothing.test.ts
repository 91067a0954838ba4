import assert from 'node:assert/strict';
import { test } from 'node:test';

import { smooth } from './smoothing.js';

test('strength 0 leaves the values as they are', () => {
  assert.deepEqual(smooth([0, 1, 2], [1, null, 3], 0), [1, null, 3]);
});

test('after one time constant 63 % of a step is shown, whatever the steps of time', () => {
  const [, late] = smooth([0, 2], [0, 1], 2);
  assert.ok(Math.abs((late ?? 0) - (1 - Math.exp(-1))) < 1e-12);
  const fine = smooth([0, 0.5, 1, 1.5, 2], [0, 1, 1, 1, 1], 2).at(-1);
  assert.ok(Math.abs((fine ?? 0) - (late ?? 0)) < 1e-12);
});

test('a gap starts it anew', () => {
  assert.deepEqual(smooth([0, 1, 2], [0, null, 1], 5), [0, null, 1]);
});

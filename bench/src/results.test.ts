import assert from 'node:assert/strict';
import { test } from 'node:test';

import { median } from './results.js';

test('the median is the middle one, or between the middle two', () => {
  assert.equal(median([5, 1, 9]), 5);
  assert.equal(median([8, 1, 2, 4]), 3);
});

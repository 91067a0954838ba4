import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findPeaks } from './peaks.js';

test('peaks are high, higher than their neighbours, and apart', () => {
  const values = [0, 0.6, 0.1, 0.9, null, 0.3, 0.2, 0.8];
  const times = values.map((_, i) => i);
  assert.deepEqual(findPeaks(times, values, 0.5, 1), [1, 3, 7]);
  assert.deepEqual(findPeaks(times, values, 0.5, 3), [3, 7]);
  assert.deepEqual(findPeaks([], [], 0.5, 1), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findGaps } from './gaps.js';

const windows = (...starts: number[]): { start: number; end: number }[] =>
  starts.map((start) => ({ start, end: start + 1 }));

test('windows one hop apart leave no gap', () => {
  assert.deepEqual(findGaps(windows(0, 0.5, 1, 1.5), [], 0.5), []);
});

test('a gap is what no window covers, named after what the camera did', () => {
  const states = [
    { camera: 'door', time: -5, state: 'streaming', error: null },
    { camera: 'door', time: 21, state: 'waiting', error: 'refused' },
    { camera: 'door', time: 29, state: 'streaming', error: null },
  ];
  assert.deepEqual(findGaps(windows(0, 10, 20, 30), states, 0.5), [
    { from: 1, to: 10, label: 'not seen' },
    { from: 11, to: 20, label: 'not seen' },
    { from: 21, to: 30, label: 'camera offline' },
  ]);
});

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

test('a gap has parts: while the camera was away, and after it came back', () => {
  const change = (time: number, state: string) => ({ camera: 'door', time, state, error: null });
  const states = [
    change(-5, 'streaming'),
    ...[change(15, 'stalled'), change(16, 'waiting'), change(18, 'connecting'), change(20, 'waiting')],
    ...[change(40, 'connecting'), change(41, 'streaming')],
  ];
  assert.deepEqual(findGaps(windows(9, 100), states, 0.5), [
    // The stall was known five seconds after it began.
    { from: 10, to: 41, label: 'camera offline' },
    { from: 41, to: 100, label: 'not seen' },
  ]);
  assert.deepEqual(findGaps(windows(0, 43), states, 0.5), [
    { from: 1, to: 15, label: 'not seen' },
    // And it takes a moment to see somebody again.
    { from: 15, to: 43, label: 'camera offline' },
  ]);
});

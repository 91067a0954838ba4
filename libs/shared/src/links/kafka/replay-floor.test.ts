import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createReplayFloor } from './replay-floor.js';

const SECOND = 1_000_000;

test('the floor is the first record within the stretch of any camera before the commit', () => {
  const floor = createReplayFloor(3 * SECOND, 60_000, () => 0);
  // Camera a at even offsets, a record a second; camera b at odd ones, two a second.
  for (let i = 0; i < 20; i += 1) {
    floor.passed('a', i * SECOND, 2 * i);
    floor.passed('b', (i * SECOND) / 2, 2 * i + 1);
  }
  // Before offset 40: a's newest is 19 s at 38, so from 16 s at 32; b's is 9.5 s at 39, so from 6.5 s at 27.
  assert.equal(floor.before(40), 27);
});

test('a camera that is gone does not hold the floor down', () => {
  let now = 0;
  const floor = createReplayFloor(3 * SECOND, 1000, () => now);
  floor.passed('gone', 0, 0);
  now = 5000;
  floor.passed('here', 9 * SECOND, 50);
  assert.equal(floor.before(51), 50);
});

test('with nothing read yet the floor is the commit', () => {
  assert.equal(createReplayFloor(SECOND, 1000).before(7), 7);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createReferencePicks, type PicksState, type ReferencePick } from './references-picks.js';

const pick = (frame: number): ReferencePick => ({
  frame,
  time: frame / 25,
  expression: 'neutral',
  intensity: 0,
  crop: new Uint8Array(4096).fill(frame % 256),
  reference: new Uint8Array(4096),
});

test('picks are spread evenly, however many come', () => {
  for (const length of [1, 2, 12, 13, 24, 25, 100, 1321, 90_000]) {
    const picks = createReferencePicks();
    for (let frame = 0; frame < length; frame += 1) picks.offer(pick(frame));
    const frames = picks.shown().map((shown) => shown.frame);
    assert.equal(frames.length, Math.min(12, length), `of ${length}`);
    assert.equal(frames[0], 0);
    const steps = frames.slice(1).map((frame, i) => frame - (frames[i] ?? 0));
    if (length >= 24) {
      assert.ok(Math.max(...steps) <= 2 * Math.min(...steps), `${length}: ${steps.join()}`);
      assert.ok((frames.at(-1) ?? 0) >= length * 0.85, `${length}: ${frames.join()}`);
    }
  }
});

test('going on from a state gives the same picks', () => {
  const whole = createReferencePicks();
  const before = createReferencePicks();
  for (let frame = 0; frame < 500; frame += 1) whole.offer(pick(frame));
  for (let frame = 0; frame < 77; frame += 1) before.offer(pick(frame));
  const after = createReferencePicks(JSON.parse(JSON.stringify(before.state())) as PicksState);
  for (let frame = 77; frame < 500; frame += 1) after.offer(pick(frame));
  assert.deepEqual(
    after.shown().map((shown) => [shown.frame, shown.crop[0]]),
    whole.shown().map((shown) => [shown.frame, shown.crop[0]]),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CLASSES, DeadpanError, type Emotion, type Expression } from '@deadpan/shared';
import fc from 'fast-check';

import { createSlidingWindows } from './sliding-windows.js';

const config = { size: 1, hop: 0.5, grace: 0 };

interface Seen {
  readonly at: number;
  readonly track?: string;
  readonly happiness?: number;
  readonly epoch?: number;
}

/** A frame at `at` seconds in which one track, or none, was seen. */
function seen({ at, track, happiness = 0, epoch = 0 }: Seen): Expression {
  const timeUs = Math.round(at * 1e6);
  const frame = {
    camera: 'door',
    epoch,
    sequence: 0,
    timeUs,
    width: 640,
    height: 360,
    faces: track === undefined ? 0 : 1,
  };
  if (track === undefined) return { ...frame, face: null };
  return {
    ...frame,
    face: {
      track,
      box: { x: 0, y: 0, width: 10, height: 10 },
      detection: 1,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 1,
      probabilities: CLASSES.map((name) =>
        name === 'happiness' ? happiness : name === 'neutral' ? 1 - happiness : 0,
      ),
      intensity: happiness,
      model: 'm',
    },
  };
}

function run(all: readonly Seen[], options = config): { emotions: Emotion[]; late: number } {
  const windows = createSlidingWindows(options);
  const emotions: Emotion[] = [];
  let late = 0;
  for (const one of all) {
    const closed = windows.add(seen(one));
    if (closed === 'late') late += 1;
    else emotions.push(...closed);
  }
  emotions.push(...windows.end());
  return { emotions, late };
}

test('windows lie on the grid, overlap by the hop, and average what was seen', () => {
  const { emotions } = run([
    { at: 0, track: '1', happiness: 0 },
    { at: 0.4, track: '1', happiness: 0.5 },
    { at: 0.8, track: '1', happiness: 1 },
  ]);
  assert.deepEqual(
    emotions.map(({ startUs, endUs, frames, intensity, expression }) => [
      startUs,
      endUs,
      frames,
      intensity,
      expression,
    ]),
    [
      [0, 1_000_000, 3, 0.5, 'neutral'],
      [500_000, 1_500_000, 1, 1, 'happiness'],
    ],
  );
});

test('a window closes when the watermark passes its end, not before, and the grace holds it open', () => {
  const windows = createSlidingWindows({ size: 1, hop: 1, grace: 0.5 });
  const closed = (one: Seen): number => {
    const result = windows.add(seen(one));
    return result === 'late' ? -1 : result.length;
  };
  assert.equal(closed({ at: 0.2, track: '1' }), 0);
  assert.equal(closed({ at: 1.0, track: '1' }), 0);
  assert.equal(closed({ at: 1.4, track: '1' }), 0);
  assert.equal(closed({ at: 0.9, track: '1' }), 0);
  assert.equal(closed({ at: 1.5, track: '1' }), 1);
  assert.equal(closed({ at: 0.95, track: '1' }), -1);
});

test('frames without a face move time on, and count as missed only within the life of the track', () => {
  const { emotions } = run(
    [{ at: 0.0 }, { at: 0.2, track: '1' }, { at: 0.4 }, { at: 0.6, track: '1' }, { at: 0.8 }, { at: 2.5 }],
    { size: 1, hop: 1, grace: 0 },
  );
  assert.deepEqual(
    emotions.map(({ startUs, frames, missed }) => [startUs, frames, missed]),
    [[0, 2, 1]],
  );
});

test('an absence over the end of a window counts there if it is over within the grace, and then unless it is long', () => {
  const between = [0.6, 0.8, 1, 1.2, 1.4].map((at) => ({ at }));
  const all = [{ at: 0.4, track: '1' }, ...between, { at: 1.6, track: '1' }, { at: 9 }];
  const missed = (grace: number) =>
    run(all, { size: 1, hop: 1, grace }).emotions.map((emotion) => emotion.missed);
  assert.deepEqual(missed(0.7), [2, 3], 'over within the grace');
  assert.deepEqual(missed(0.3), [0, 3], 'not, but within the size and the grace');
  assert.deepEqual(missed(0), [0, 0], 'longer');
});

test('tracks of one frame stay apart', () => {
  const { emotions } = run(
    [
      { at: 0, track: '1', happiness: 1 },
      { at: 0, track: '2', happiness: 0 },
      { at: 0.5, track: '2', happiness: 0 },
      { at: 0.5, track: '1', happiness: 1 },
    ],
    { size: 1, hop: 1, grace: 0 },
  );
  assert.deepEqual(
    emotions.map(({ track, frames, missed, expression }) => [track, frames, missed, expression]),
    [
      ['1', 2, 0, 'happiness'],
      ['2', 2, 0, 'neutral'],
    ],
  );
});

test('a new epoch closes what the old one left open', () => {
  const { emotions } = run(
    [
      { at: 100, track: '1', epoch: 0 },
      { at: 3, track: '2', epoch: 1 },
    ],
    { size: 1, hop: 1, grace: 0 },
  );
  assert.deepEqual(
    emotions.map(({ epoch, track, startUs }) => [epoch, track, startUs]),
    [
      [0, '1', 100_000_000],
      [1, '2', 3_000_000],
    ],
  );
});

test('every frame lands in every window of the grid that holds it, whatever size, hop and rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 10 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 }),
      (sizeTenths, hopTenths, graceTenths, steps) => {
        fc.pre(hopTenths <= sizeTenths);
        const options = { size: sizeTenths / 10, hop: hopTenths / 10, grace: graceTenths / 10 };
        let ms = 0;
        const times = steps.map((step) => (ms += step));
        const { emotions, late } = run(
          times.map((time) => ({ at: time / 1000, track: '1' })),
          options,
        );
        assert.equal(late, 0);
        const counted = new Map(emotions.map((emotion) => [emotion.startUs, emotion.frames]));
        assert.equal(counted.size, emotions.length, 'no window twice');
        const [sizeUs, hopUs] = [sizeTenths * 100_000, hopTenths * 100_000];
        const expected = new Map<number, number>();
        for (const time of times) {
          for (let start = 0; start <= time * 1000; start += hopUs) {
            if (start + sizeUs > time * 1000) expected.set(start, (expected.get(start) ?? 0) + 1);
          }
        }
        assert.deepEqual(
          [...counted].sort(([a], [b]) => a - b),
          [...expected].sort(([a], [b]) => a - b),
        );
      },
    ),
  );
});

test('a hop longer than the window is refused', () => {
  assert.throws(() => createSlidingWindows({ size: 1, hop: 2, grace: 0 }), DeadpanError);
});

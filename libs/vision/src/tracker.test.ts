import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '@deadpan/shared';
import fc from 'fast-check';
import { correctMotion, predictMotion, startMotion } from './kalman.js';
import { NO_TRACKS, stepTracks, TRACKER_DEFAULTS, type Candidate, type Tracks } from './tracker.js';

const face = (x: number, y = 100, size = 60, score = 0.9): Candidate => ({
  box: { x, y, width: size, height: size } satisfies Box,
  score,
});

/** Steps through frames of candidates and gives the ids of each. */
function follow(frames: readonly (readonly Candidate[])[], stepUs: number, options = TRACKER_DEFAULTS) {
  let tracks: Tracks = NO_TRACKS;
  const ids = frames.map((candidates, i) => {
    const step = stepTracks(tracks, candidates, i * stepUs, options);
    tracks = step.tracks;
    return step.ids;
  });
  return { ids, tracks };
}

test('the filter agrees with the textbook recursion', () => {
  // Source: the matrices F = [[1, t], [0, e]] and H = [1, 0] written out, for t = memory (1 - e), e = exp(-dt / memory).
  const [dt, q, r, memory] = [0.04, 3, 0.5, 0.3];
  const e = Math.exp(-dt / memory);
  const t = memory * (1 - e);
  let motion = startMotion(10, 1, 2);
  let [x, v, p00, p01, p11] = [10, 0, 1, 0, 4];
  for (const z of [10.2, 10.9, 11.1, 12.4]) {
    motion = correctMotion(predictMotion(motion, dt, q, memory), z, r);
    [x, v] = [x + t * v, e * v];
    [p00, p01, p11] = [
      p00 + 2 * t * p01 + t * t * p11 + (q * q * t ** 3) / 3,
      e * (p01 + t * p11) + (q * q * t * t) / 2,
      e * e * p11 + q * q * t,
    ];
    const s = p00 + r * r;
    const [k0, k1, y] = [p00 / s, p01 / s, z - x];
    [x, v] = [x + k0 * y, v + k1 * y];
    [p00, p01, p11] = [(1 - k0) * p00, (1 - k0) * p01, p11 - k1 * p01];
    const expected = [x, v, p00, p01, p11];
    const actual = [motion.position, motion.velocity, motion.pp, motion.pv, motion.vv];
    assert.ok(actual.every((value, i) => Math.abs(value - (expected[i] ?? NaN)) < 1e-9));
  }
});

test('a face that moves steadily is one track at any frame rate', () => {
  for (const fps of [2, 5, 12.5, 25, 60]) {
    const frames = Array.from({ length: Math.ceil(fps * 4) }, (_, i) => [face(20 + (90 * i) / fps)]);
    const { tracks } = follow(frames, 1e6 / fps);
    assert.equal(tracks.nextId, 2, `${fps} frames a second`);
  }
});

test('faces that pass each other keep their ids', () => {
  const frames = Array.from({ length: 60 }, (_, i) => [face(20 + 5 * i, 80), face(320 - 5 * i, 130)]);
  const { ids } = follow(frames, 40_000);
  assert.ok(ids.every(([left, right]) => left === 1 && right === 2));
});

test('a track survives a short occlusion, and not one longer than the longest gap', () => {
  const seen = (count: number) => Array.from({ length: count }, () => [face(100)]);
  const hidden = (seconds: number) => Array.from({ length: seconds * 25 }, () => []);
  assert.equal(follow([...seen(10), ...hidden(1), ...seen(10)], 40_000).tracks.nextId, 2);
  assert.equal(follow([...seen(10), ...hidden(3), ...seen(10)], 40_000).tracks.nextId, 3);
});

test('where steps are farther apart than the longest gap, a face that stays is one track until a step misses it', () => {
  const apart = 10_000_000;
  assert.deepEqual(follow([[face(100)], [face(110)], [face(105)]], apart).ids.flat(), [1, 1, 1]);
  assert.deepEqual(follow([[face(100)], [], [face(100)]], apart).ids.flat(), [1, 2]);
  assert.deepEqual(follow([[face(100)], [face(300)]], apart).ids.flat(), [1, 2]);
});

test('a face that jumps farther than it overlaps is still the same, and one across the room is another', () => {
  assert.deepEqual(follow([[face(100)], [face(150)]], 500_000).ids.flat(), [1, 1]);
  assert.deepEqual(follow([[face(100)], [face(300)]], 500_000).ids.flat(), [1, 2]);
});

test('an unsure candidate goes on with a track that was just seen, and begins none', () => {
  const unsure = face(104, 100, 60, 0.3);
  assert.deepEqual(follow([[face(100)], [unsure]], 40_000).ids.flat(), [1, 1]);
  assert.deepEqual(follow([[unsure]], 40_000).ids.flat(), [null]);
  assert.deepEqual(follow([[face(100)], [], [unsure]], 40_000).ids.flat(), [1, null]);
});

test('what the caller knows goes before what overlaps', () => {
  const first = stepTracks(NO_TRACKS, [face(100), face(300)], 0, TRACKER_DEFAULTS);
  const second = stepTracks(first.tracks, [face(100), face(300)], 40_000, TRACKER_DEFAULTS, [2, 1]);
  assert.deepEqual(second.ids, [2, 1]);
});

test('whatever comes, ids are unique in a frame, never used again, and the same each time', () => {
  const candidate = fc.record({
    x: fc.integer({ min: 0, max: 300 }),
    y: fc.integer({ min: 0, max: 200 }),
    size: fc.integer({ min: 20, max: 90 }),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const frames = fc.array(fc.array(candidate, { maxLength: 5 }), { maxLength: 25 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1_000, max: 900_000 }), (drawn, stepUs) => {
      const input = drawn.map((faces) => faces.map(({ x, y, size, score }) => face(x, y, size, score)));
      const { ids } = follow(input, stepUs);
      assert.deepEqual(ids, follow(input, stepUs).ids);
      const lastSeen = new Map<number, number>();
      let newest = 0;
      for (const [i, row] of ids.entries()) {
        const given = row.filter((id) => id !== null);
        assert.equal(new Set(given).size, given.length);
        for (const id of given) {
          const last = lastSeen.get(id);
          if (last === undefined) assert.equal(id, (newest += 1));
          else assert.ok((i - last) * stepUs <= TRACKER_DEFAULTS.longestGapUs);
          lastSeen.set(id, i);
        }
      }
    }),
  );
});

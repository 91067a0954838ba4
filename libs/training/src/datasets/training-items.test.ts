import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canvasSide, type FaceCache } from './face-cache.js';
import { isHeldOut } from './split-subjects.js';
import { epochOrder, trainingItems } from './training-items.js';

const target = (k: number): number[] => Array.from({ length: 8 }, (_, i) => (i === k ? 1 : 0));
const cache: FaceCache = {
  name: 'made-up',
  faces: [
    { path: '0', label: 0, target: target(0), subject: 'a' },
    { path: '1', label: 7, target: target(7), subject: 'b' },
    { path: '2', label: undefined, target: [0.5, 0.5, 0, 0, 0, 0, 0, 0], subject: undefined },
    { path: '3', label: undefined, target: undefined, subject: undefined },
  ],
  pixels: new Uint8Array(4 * canvasSide * canvasSide),
};
const options = { classWeights: [1, 1, 1, 1, 1, 1, 1, 3], smoothing: 0.2, undecided: 0.5, holdOutEvery: 0 };

test('rare classes weigh more, undecided faces less, faces without a target nothing', () => {
  const items = trainingItems(cache, options);
  assert.deepEqual(
    items.map(({ index, weight }) => [index, weight]),
    [
      [0, 1],
      [1, 3],
      [2, 0.5],
    ],
  );
  assert.ok(Math.abs((items[0]?.target[0] ?? 0) - (0.8 + 0.2 / 8)) < 1e-12);
});

test('an epoch shows each face as often as it weighs, and is the same for the same seed', () => {
  const items = trainingItems(cache, options);
  const counts = [0, 0, 0];
  for (let epoch = 0; epoch < 200; epoch++)
    for (const index of epochOrder(items, 1, epoch)) counts[index] = (counts[index] ?? 0) + 1;
  assert.equal(counts[0], 200);
  assert.equal(counts[1], 600);
  assert.ok(Math.abs((counts[2] ?? 0) - 100) < 30);
  assert.deepEqual(epochOrder(items, 1, 5), epochOrder(items, 1, 5));
});

test('a person is held out by the id alone, about one in so many', () => {
  const people = Array.from({ length: 2000 }, (_, i) => `person ${i}`);
  const share = people.filter((person) => isHeldOut(person, 10)).length / people.length;
  assert.ok(Math.abs(share - 0.1) < 0.03);
  assert.equal(isHeldOut('anybody', 0), false);
  assert.equal(isHeldOut(undefined, 1), false);
});

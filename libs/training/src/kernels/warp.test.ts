import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { createRandom, uniform } from '../random.js';
import { warp } from './warp.js';

const random = createRandom(5);
const picture = tf.tensor4d(
  Float32Array.from({ length: 2 * 6 * 6 }, () => random.next()),
  [2, 6, 6, 1],
);
// Kept off whole pixels, where the derivative jumps.
const flow = tf.tensor4d(
  Float32Array.from(
    { length: 2 * 6 * 6 * 2 },
    () => Math.round(uniform(random, -2, 2)) + uniform(random, 0.2, 0.8),
  ),
  [2, 6, 6, 2],
);

test('no flow leaves the picture, a whole pixel moves it, the edge repeats', () => {
  const still = warp(picture, tf.zeros([2, 6, 6, 2])).dataSync();
  const close = (a: number | undefined, b: number | undefined) => Math.abs((a ?? NaN) - (b ?? NaN)) < 1e-6;
  assert.ok(picture.dataSync().every((value, i) => close(value, still[i])));
  const right = tf.tile(tf.tensor4d([1, 0], [1, 1, 1, 2]), [2, 6, 6, 1]);
  const moved = warp(picture, right).arraySync();
  const given = picture.arraySync();
  for (let x = 0; x < 6; x += 1)
    assert.ok(close(moved[1]?.[3]?.[x]?.[0], given[1]?.[3]?.[Math.min(5, x + 1)]?.[0]));
});

test('the gradient of the flow is that of finite differences, and no tensor is left over', () => {
  const weights = tf.tensor4d(
    Float32Array.from({ length: 72 }, () => uniform(random, -1, 1)),
    [2, 6, 6, 1],
  );
  const loss = (by: Tensor4D) => tf.sum(tf.mul(warp(picture, by), weights)).asScalar();
  const before = tf.memory().numTensors;
  const gradient = tf.tidy(() =>
    tf
      .grad((by) => loss(by as Tensor4D))(flow)
      .dataSync(),
  );
  assert.equal(tf.memory().numTensors, before);
  const values = flow.dataSync();
  const step = 1e-2;
  for (let i = 0; i < values.length; i += 7) {
    const at = (delta: number): number =>
      tf.tidy(
        () =>
          loss(
            tf.tensor4d(
              values.map((value, k) => (k === i ? value + delta : value)),
              [2, 6, 6, 2],
            ),
          ).dataSync()[0] ?? NaN,
      );
    const difference = (at(step) - at(-step)) / (2 * step);
    assert.ok(Math.abs(difference - (gradient[i] ?? NaN)) < 2e-3, `${i}: ${difference} ${gradient[i]}`);
  }
});

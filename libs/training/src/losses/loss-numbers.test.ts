import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { createRandom, normal, uniform } from '../random.js';
import { gradientError } from './finite-difference.js';
import * as losses from './index.js';

/* The losses on random numbers, beside the formulas written out in plain arithmetic, double precision. */

type Row = readonly number[];
type Matrix = readonly Row[];

function matrix(seed: number, rows: number, columns: number, scale = 1): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * normal(random)));
}

const dot = (a: Row, b: Row): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
const column = (m: Matrix, k: number): Row => m.map((row) => row[k] ?? NaN);
const mean = (values: Row): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** L f of a matrix [D, R] that is applied from the right. */
const mapped = (f: Row, m: Matrix): Row => (m[0] ?? []).map((_, r) => dot(f, column(m, r)));

function near(actual: Scalar, expected: number): void {
  const value = actual.dataSync<'float32'>()[0] ?? NaN;
  assert.ok(
    Math.abs(value - expected) < 1e-5 * Math.max(1, Math.abs(expected)),
    `${value} is not ${expected}`,
  );
}

for (const [signs, [quadratic, cross]] of [
  ['printed', [1, 1]],
  ['consistent', [-1, 1]],
] as const) {
  test(`the adaptive radial metric loss is Eq. 16 with the ${signs} signs`, () => {
    const [K, D, R] = [12, 5, 3];
    // Scales at which some hinges are active and some are not.
    const [queries, references, centres] = [matrix(1, K, D, 0.6), matrix(22, K, D), matrix(3, K, D, 0.6)];
    const [la, lb, c] = [matrix(4, D, R, 0.3), matrix(5, D, R), matrix(6, D, 1, 0.3)];
    const b = 0.5;
    const mask = [1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1];

    const H = (f1: Row, f2: Row): number => {
      const [u1, u2, v1, v2] = [mapped(f1, la), mapped(f2, la), mapped(f1, lb), mapped(f2, lb)];
      const linear = dot(f1, column(c, 0)) + dot(f2, column(c, 0));
      return quadratic * 0.5 * (dot(u1, u1) + dot(u2, u2)) + cross * dot(v1, v2) + linear + b;
    };
    const near1 = queries.map((f, i) => 1 - H(f, centres[i] ?? []));
    const far1 = references.map((f, i) => 1 + H(f, centres[i] ?? []));
    for (const hinges of [near1, far1])
      assert.ok(
        hinges.some((value) => value > 0) && hinges.some((value) => value < 0),
        `${hinges.join()} are on both sides of the hinge`,
      );
    const expected = mean(
      near1.map((value, i) => Math.max(0, value) + (mask[i] ?? NaN) * Math.max(0, far1[i] ?? NaN)),
    );
    near(
      losses.adaptiveRadialMetricLoss(
        { la: tf.tensor2d(la), lb: tf.tensor2d(lb), c: tf.tensor2d(c), b: tf.scalar(b) },
        {
          queries: tf.tensor2d(queries),
          references: tf.tensor2d(references),
          centres: tf.tensor2d(centres),
          referenceMask: tf.tensor1d(mask),
        },
        signs,
      ),
      expected,
    );
  });
}

test('symmetry in Laplacian space is the mean difference of the Laplacian and its mirror image', () => {
  const [height, width] = [5, 7];
  const pictures = [matrix(7, height, width), matrix(8, height, width)];
  const differences = pictures.flatMap((picture) => {
    const at = (y: number, x: number): number => picture[y]?.[x] ?? NaN;
    const laplacian = (y: number, x: number): number =>
      at(y - 1, x) + at(y + 1, x) + at(y, x - 1) + at(y, x + 1) - 4 * at(y, x);
    // Only where a pixel has all four neighbours.
    return Array.from({ length: height - 2 }, (_, y) =>
      Array.from({ length: width - 2 }, (_, x) =>
        Math.abs(laplacian(y + 1, x + 1) - laplacian(y + 1, width - 2 - x)),
      ),
    ).flat();
  });
  assert.ok(mean(differences) > 1);
  const faces = tf.tensor4d(pictures.flat(2), [2, height, width, 1]);
  near(losses.symmetryLoss(faces, 'laplacian'), mean(differences));
});

function levels(seed: number): Tensor4D {
  const random = createRandom(seed);
  return tf.tensor4d(
    Array.from({ length: 2 * 4 * 4 }, () => uniform(random, 0, 1)),
    [2, 4, 4, 1],
  );
}

test('the emphasized pixel loss weighs a pixel by how much input and target differ, up to a tenth', () => {
  // Unchanged, changed by half of a tenth, by more than a tenth; each is missed by another amount.
  near(
    losses.emphasizedPixelLoss(
      tf.tensor4d([0.5, 0.3, 0.9], [1, 1, 3, 1]),
      tf.tensor4d([0.4, 0.5, 0.5], [1, 1, 3, 1]),
      tf.tensor4d([0.4, 0.55, 0.1], [1, 1, 3, 1]),
      3,
    ),
    (0.1 * 1 + 0.2 * (1 + 3 / 2) + 0.4 * (1 + 3)) / 3,
  );
  const [output, target, input] = [levels(9), levels(10), levels(11)];
  const [xh, y, x] = [output, target, input].map((tensor) => [...tensor.dataSync<'float32'>()]);
  assert.ok(xh && y && x);
  const expected = mean(
    xh.map((value, i) => {
      const [wanted, given] = [y[i] ?? NaN, x[i] ?? NaN];
      return Math.abs(value - wanted) * (1 + 5 * Math.min(1, Math.abs(given - wanted) / 0.1));
    }),
  );
  near(losses.emphasizedPixelLoss(output, target, input, 5), expected);
  near(
    losses.emphasizedPixelLoss(output, target, input, 0),
    mean(xh.map((v, i) => Math.abs(v - (y[i] ?? NaN)))),
  );
});

test('the emphasized pixel loss has the gradient of its finite differences', () => {
  const [target, input] = [levels(10), levels(11)];
  const loss = (xh: Tensor): Scalar => losses.emphasizedPixelLoss(xh as Tensor4D, target, input, 5);
  // Each pixel is missed by more than the step: on the corner of the absolute value there is no slope.
  const random = createRandom(13);
  const output = tf.tensor4d(
    target
      .dataSync<'float32'>()
      .map((level) => level + (random.next() < 0.5 ? -1 : 1) * uniform(random, 0.05, 0.4)),
    target.shape,
  );
  assert.ok(gradientError(loss, [output]) < 0.01);
});

test('the centre loss is half the mean squared distance to the mean of the class in the batch', () => {
  const points = matrix(12, 7, 4);
  const labels = [2, 0, 2, 1, 0, 2, 0];
  const distances = points.map((point, i) => {
    const mates = points.filter((_, k) => labels[k] === labels[i]);
    const centre = point.map((_, d) => mean(column(mates, d)));
    const difference = point.map((value, d) => value - (centre[d] ?? NaN));
    return dot(difference, difference);
  });
  near(losses.centreLoss(tf.tensor2d(points), labels), mean(distances) / 2);
});

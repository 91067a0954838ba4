import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { createRandom, normal } from '../random.js';
import { gradientError } from './finite-difference.js';
import * as losses from './index.js';

const TOLERANCE = 0.01;

function draw(seed: number, shape: number[], scale = 1): Tensor {
  const random = createRandom(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * normal(random)),
    shape,
  );
}

function valueOf(scalar: Scalar): number {
  return scalar.dataSync<'float32'>()[0] ?? Number.NaN;
}

function near(actual: number, expected: number, message?: string): void {
  assert.ok(
    Math.abs(actual - expected) < 1e-4 * Math.max(1, Math.abs(expected)),
    `${message ?? ''} ${actual} is not ${expected}`,
  );
}

test('softmax cross entropy of hand numbers, and its gradient', () => {
  // Softmax of (0, ln 3) is (1/4, 3/4).
  const logits = tf.tensor2d([[0, Math.log(3)]]);
  near(valueOf(losses.softmaxCrossEntropy(logits, tf.tensor2d([[0, 1]]))), Math.log(4 / 3));
  near(
    valueOf(losses.softmaxCrossEntropy(logits, tf.tensor2d([[0.5, 0.5]]))),
    0.5 * Math.log(4) + 0.5 * Math.log(4 / 3),
  );
  const targets = tf.tensor2d([
    [0.2, 0.3, 0.5],
    [1, 0, 0],
  ]);
  assert.ok(
    gradientError((x) => losses.softmaxCrossEntropy(x as Tensor2D, targets), [draw(1, [2, 3])]) < TOLERANCE,
  );
});

test('pixel loss is the mean difference', () => {
  const output = tf.tensor4d([0, 1, 0.5, 0.25], [1, 2, 2, 1]);
  const target = tf.tensor4d([1, 1, 0, 0.5], [1, 2, 2, 1]);
  near(valueOf(losses.pixelLoss(output, target)), 1.75 / 4);
  assert.ok(
    gradientError((x) => losses.pixelLoss(x as Tensor4D, target), [draw(2, [1, 2, 2, 1])]) < TOLERANCE,
  );
});

test('feature loss sums over channels and averages over positions', () => {
  const output = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
  near(valueOf(losses.featureLoss(output, tf.zeros([1, 1, 2, 2]))), (1 + 4 + 9 + 16) / 2);
  assert.ok(
    gradientError(
      (x, y) => losses.featureLoss(x as Tensor4D, y as Tensor4D),
      [draw(3, [2, 2, 1, 3]), draw(4, [2, 2, 1, 3])],
    ) < TOLERANCE,
  );
});

test('identity loss adds the layers, pictures and vectors alike', () => {
  const picture = tf.tensor4d([1, -1, 2, 0], [1, 1, 2, 2]);
  const vector = tf.tensor2d([[3, -4]]);
  near(
    valueOf(losses.identityLoss([picture, vector], [tf.zerosLike(picture), tf.zerosLike(vector)])),
    (2 + 2) / 2 + 7,
  );
  const inputs = [draw(5, [2, 2, 2, 3]), draw(6, [2, 2, 2, 3])];
  assert.ok(gradientError((x, y) => losses.identityLoss([x], [y]), inputs) < TOLERANCE);
});

test('symmetry loss is 0 for a symmetrical face; in Laplacian space also under a ramp of light', () => {
  const face = tf.tensor4d([1, 5, 1, 2, 7, 2, 0, 3, 0], [1, 3, 3, 1]);
  near(valueOf(losses.symmetryLoss(face)), 0);
  const ramp = tf.tensor4d([0, 1, 2, 0, 1, 2, 0, 1, 2], [1, 3, 3, 1]);
  near(valueOf(losses.symmetryLoss(tf.add(face, ramp))), (3 * 2 * 2) / 9);
  near(valueOf(losses.symmetryLoss(tf.add(face, ramp), 'laplacian')), 0);
  for (const space of ['pixel', 'laplacian'] as const) {
    assert.ok(
      gradientError((x) => losses.symmetryLoss(x as Tensor4D, space), [draw(7, [1, 4, 6, 1])]) < TOLERANCE,
      space,
    );
  }
});

test('adversarial losses of hand numbers, and their gradients', () => {
  const logit = (p: number): number => Math.log(p / (1 - p));
  const real = tf.tensor2d([[logit(0.8)]]);
  const fake = tf.tensor2d([[logit(0.3)]]);
  near(valueOf(losses.discriminatorLoss(real, fake)), -Math.log(0.8) - Math.log(0.7));
  near(valueOf(losses.generatorLoss(fake)), -Math.log(0.3));
  assert.ok(
    gradientError(
      (g, x) => losses.discriminatorLoss(g as Tensor2D, x as Tensor2D),
      [draw(8, [3, 1]), draw(9, [2, 1])],
    ) < TOLERANCE,
  );
  assert.ok(gradientError((x) => losses.generatorLoss(x as Tensor2D), [draw(10, [3, 1])]) < TOLERANCE);
});

test('contrastive loss of three points', () => {
  // d(0,1) = 3 of one class; d(0,2) = 4, d(1,2) = 5 of two; margin 4.5.
  const points = tf.tensor2d([
    [0, 0],
    [3, 0],
    [0, 4],
  ]);
  near(valueOf(losses.contrastiveLoss(points, [0, 0, 1], 4.5)), (9 / 2 + 0.25 / 2) / 3);
  assert.ok(
    gradientError((x) => losses.contrastiveLoss(x as Tensor2D, [0, 0, 1, 1], 3), [draw(11, [4, 2])]) <
      TOLERANCE,
  );
});

test('triplet loss of three points', () => {
  // Squared distances 9, 16, 25: triplets (0,1,2) and (1,0,2).
  const points = tf.tensor2d([
    [0, 0],
    [3, 0],
    [0, 4],
  ]);
  near(valueOf(losses.tripletLoss(points, [0, 0, 1], 10)), (9 - 16 + 10 + 0) / 2);
  assert.ok(
    gradientError((x) => losses.tripletLoss(x as Tensor2D, [0, 0, 1, 1], 2), [draw(12, [4, 2])]) < TOLERANCE,
  );
});

test('(N+1)-tuplet loss of hand numbers', () => {
  const anchor = tf.tensor1d([1, 0]);
  const negatives = tf.tensor2d([
    [1, 5],
    [2, 1],
  ]);
  near(valueOf(losses.tupletLoss(anchor, tf.tensor1d([1, 1]), negatives)), Math.log(1 + 1 + Math.E));
  const inputs = [draw(13, [3]), draw(14, [3]), draw(15, [4, 3])];
  assert.ok(
    gradientError((a, p, n) => losses.tupletLoss(a as Tensor1D, p as Tensor1D, n as Tensor2D), inputs) <
      TOLERANCE,
  );
});

test('coupled clusters loss of hand numbers', () => {
  // Centre (1, 0), positives at squared distance 1, nearest negative at 4: 1 + 5 - 4 = 2 each.
  const positives = tf.tensor2d([
    [0, 0],
    [2, 0],
  ]);
  const negatives = tf.tensor2d([
    [1, 2],
    [1, 9],
  ]);
  near(valueOf(losses.coupledClustersLoss(positives, negatives, 5)), 2);
  assert.ok(
    gradientError(
      (p, n) => losses.coupledClustersLoss(p as Tensor2D, n as Tensor2D, 3),
      [draw(16, [3, 2]), draw(17, [2, 2])],
    ) < TOLERANCE,
  );
});

test('centre loss pulls to the mean of the class, which has no gradient of its own', () => {
  const points = tf.tensor2d([
    [0, 0],
    [2, 0],
    [5, 5],
  ]);
  near(valueOf(losses.centreLoss(points, [0, 0, 1])), (0.5 * (1 + 1 + 0)) / 3);
  const gradient = tf
    .grad((x) => losses.centreLoss(x as Tensor2D, [0, 0, 1]))(points)
    .arraySync() as number[][];
  // With the centre held fixed: (f - C) / 3.
  assert.deepEqual(
    gradient.map((row) => row.map((value) => Math.round(value * 3))),
    [
      [-1, 0],
      [1, 0],
      [0, 0],
    ],
  );
});

function radialBatch(queries: Tensor2D, references: Tensor2D, centres: Tensor2D): losses.RadialBatch {
  return { queries, references, centres, referenceMask: tf.ones([queries.shape[0]]) };
}

test('fixed radial metric loss is 0 inside and outside its two radii', () => {
  // T = 4, tau = 2: queries within squared distance 3, references beyond 5.
  const centre = tf.tensor2d([[0, 0]]);
  const loss = (query: number, reference: number): number =>
    valueOf(
      losses.fixedRadialMetricLoss(
        radialBatch(tf.tensor2d([[query, 0]]), tf.tensor2d([[reference, 0]]), centre),
        4,
        2,
      ),
    );
  near(loss(Math.sqrt(2.9), Math.sqrt(5.1)), 0);
  near(loss(2, Math.sqrt(5.1)), 1);
  near(loss(1, 1), 4);
  const centres = draw(18, [3, 2]) as Tensor2D;
  const inputs = [draw(19, [3, 2]), draw(20, [3, 2])];
  assert.ok(
    gradientError(
      (q, r) => losses.fixedRadialMetricLoss(radialBatch(q as Tensor2D, r as Tensor2D, centres), 3, 1),
      inputs,
    ) < TOLERANCE,
  );
});

function metric(seed: number, dimensions: number): losses.AdaptiveMetric {
  return {
    la: draw(seed, [dimensions, 3], 0.5) as Tensor2D,
    lb: draw(seed + 1, [dimensions, 3], 0.5) as Tensor2D,
    c: draw(seed + 2, [dimensions, 1], 0.5) as Tensor2D,
    b: tf.scalar(0.3),
  };
}

test('the adaptive margin with equal maps is b - |L(f1 - f2)|^2 / 2', () => {
  const la = tf.tensor2d([
    [1, 0],
    [0, 2],
  ]);
  const equal: losses.AdaptiveMetric = { la, lb: la, c: tf.zeros([2, 1]), b: tf.scalar(7) };
  const margin =
    losses.adaptiveMargin(equal, tf.tensor2d([[3, 1]]), tf.tensor2d([[1, 0]])).dataSync<'float32'>()[0] ?? 0;
  near(margin, 7 - (2 ** 2 + 2 ** 2) / 2);
});

test('adaptive radial metric loss: gradients of every input and parameter, both signs', () => {
  const { la, lb, c } = metric(30, 4);
  const centres = draw(40, [3, 4]) as Tensor2D;
  for (const signs of ['consistent', 'printed'] as const) {
    const f = (...inputs: Tensor[]): Scalar => {
      const [q, r, a, b, linear] = inputs as [Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D];
      return losses.adaptiveRadialMetricLoss(
        { la: a, lb: b, c: linear, b: tf.scalar(0.2) },
        radialBatch(q, r, centres),
        signs,
      );
    };
    assert.ok(gradientError(f, [draw(41, [3, 4]), draw(42, [3, 4]), la, lb, c]) < TOLERANCE, signs);
  }
});

test('with consistent signs and equal maps every active step moves the query towards and the reference away from the centre', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { la } = metric(100 + seed * 3, 4);
    const equal: losses.AdaptiveMetric = { la, lb: la, c: tf.zeros([4, 1]), b: tf.scalar(0) };
    const [query, reference, centre] = [
      draw(200 + seed, [1, 4]),
      draw(300 + seed, [1, 4], 0.1),
      draw(400 + seed, [1, 4]),
    ] as [Tensor2D, Tensor2D, Tensor2D];
    const [dq, dr] = tf.grads((q, r) =>
      losses.adaptiveRadialMetricLoss(equal, radialBatch(q as Tensor2D, r as Tensor2D, centre)),
    )([query, reference]) as [Tensor2D, Tensor2D];
    const along = (gradient: Tensor2D, from: Tensor2D): number =>
      valueOf(tf.sum(tf.mul(tf.neg(gradient), tf.sub(centre, from))));
    assert.ok(along(dq, query) >= 0, `query ${seed}`);
    assert.ok(along(dr, reference) <= 0, `reference ${seed}`);
  }
});

test('a masked reference, that of a neutral query, costs nothing', () => {
  const points = tf.tensor2d([[0, 0]]);
  const batch = { ...radialBatch(points, points, points), referenceMask: tf.tensor1d([0]) };
  near(valueOf(losses.fixedRadialMetricLoss(batch, 4, 2)), 0);
});

test('(N+M)-tuplet loss and its gradient', () => {
  const la = tf.tensor2d([
    [1, 0],
    [0, 1],
  ]);
  const equal: losses.AdaptiveMetric = { la, lb: la, c: tf.zeros([2, 1]), b: tf.scalar(1) };
  // Centre (1, 0): H of both positives is 1 - 1/2, of the negative at distance 1 the same.
  near(
    valueOf(
      losses.nmTupletLoss(
        equal,
        tf.tensor2d([
          [0, 0],
          [2, 0],
        ]),
        tf.tensor2d([[1, 1]]),
      ),
    ),
    0.5 + 1.5,
  );
  const adaptive = metric(50, 3);
  assert.ok(
    gradientError(
      (p, n) => losses.nmTupletLoss(adaptive, p as Tensor2D, n as Tensor2D),
      [draw(51, [3, 3]), draw(52, [2, 3])],
    ) < TOLERANCE,
  );
});

test('class centres are means per class without references', () => {
  const centres = losses
    .classCentres(
      tf.tensor2d([
        [0, 2],
        [4, 4],
        [2, 4],
      ]),
      [1, 0, 1],
    )
    .arraySync();
  assert.deepEqual(centres, [
    [1, 3],
    [4, 4],
    [1, 3],
  ]);
});

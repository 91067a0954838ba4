import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { squaredDistances } from './squared-distance.js';

/** The signs of the quadratic terms of H; see `adaptiveMargin`. */
export type Signs = 'printed' | 'consistent';

/** Parameters of the adaptive metric: u = L_A f, v = L_B f. */
export interface AdaptiveMetric {
  /** [D, R] each, applied from the right. */
  readonly la: Tensor2D;
  readonly lb: Tensor2D;
  /** [D, 1] */
  readonly c: Tensor2D;
  readonly b: Scalar;
}

/** What a batch needs: queries, their class centres, their generated references. */
export interface RadialBatch {
  /** [K, D] */
  readonly queries: Tensor2D;
  readonly centres: Tensor2D;
  readonly references: Tensor2D;
  /** 1 where the reference's hinge counts, 0 for neutral queries: their reference is of their own class. [K] */
  readonly referenceMask: Tensor1D;
}

/**
 * Eq. 8: queries within T - tau/2 of their centre, references beyond T + tau/2; D is squared Euclidean (M = I).
 * @returns the mean over the queries
 */
export function fixedRadialMetricLoss(batch: RadialBatch, T: number, tau: number): Scalar {
  const near = tf.relu(tf.add(squaredDistances(batch.queries, batch.centres), -T + tau / 2));
  const far = tf.relu(tf.sub(T + tau / 2, squaredDistances(batch.references, batch.centres)));
  return tf.mean(tf.add(near, tf.mul(far, batch.referenceMask)));
}

/**
 * H(f1, f2) = sA 1/2(|u1|^2 + |u2|^2) + sB v1.v2 + c.f1 + c.f2 + b (Eq. 11-14): how much nearer than the learnt
 * reference distance two embeddings are. With the printed signs (+, +) half of all gradient steps go the wrong way;
 * `consistent` (-, +) makes H fall with distance.
 */
export function adaptiveMargin(
  metric: AdaptiveMetric,
  f1: Tensor2D,
  f2: Tensor2D,
  signs: Signs = 'consistent',
): Tensor1D {
  const squares = (f: Tensor2D): Tensor1D => tf.sum(tf.square(tf.matMul(f, metric.la)), 1);
  const quadratic = tf.mul(tf.add(squares(f1), squares(f2)), signs === 'printed' ? 0.5 : -0.5);
  const cross = tf.sum(tf.mul(tf.matMul(f1, metric.lb), tf.matMul(f2, metric.lb)), 1);
  const linear = tf.squeeze(tf.matMul(tf.add(f1, f2), metric.c), [1]);
  return tf.add(tf.add(tf.add(quadratic, cross), linear), metric.b);
}

/** Eq. 16: 1/K sum [max(0, 1 - H(f, C)) + max(0, 1 + H(f-, C))]: 2K comparisons a batch. */
export function adaptiveRadialMetricLoss(
  metric: AdaptiveMetric,
  batch: RadialBatch,
  signs: Signs = 'consistent',
): Scalar {
  const near = tf.relu(tf.sub(1, adaptiveMargin(metric, batch.queries, batch.centres, signs)));
  const far = tf.relu(tf.add(1, adaptiveMargin(metric, batch.references, batch.centres, signs)));
  return tf.mean(tf.add(near, tf.mul(far, batch.referenceMask)));
}

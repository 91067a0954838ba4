import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { adaptiveMargin, type AdaptiveMetric, type Signs } from './radial-metric.js';

/**
 * (N+M)-tuplet clusters loss, adaptive (Liu et al. 2017): 1/N sum max(0, 1 - H(f+, c+)) + 1/M sum max(0, 1 + H(f-, c+)).
 * The data-augmented form (Liu et al. 2018) is the same with the generated reference as one more negative.
 * @param positives [N, D] of one expression
 * @param negatives [M, D]: the same people with other expressions
 */
export function nmTupletLoss(
  metric: AdaptiveMetric,
  positives: Tensor2D,
  negatives: Tensor2D,
  signs: Signs = 'consistent',
): Scalar {
  const centre: Tensor2D = tf.mean(positives, 0, true);
  const tile = (count: number): Tensor2D => tf.tile(centre, [count, 1]);
  const near = tf.relu(tf.sub(1, adaptiveMargin(metric, positives, tile(positives.shape[0]), signs)));
  const far = tf.relu(tf.add(1, adaptiveMargin(metric, negatives, tile(negatives.shape[0]), signs)));
  return tf.add(tf.mean(near), tf.mean(far));
}

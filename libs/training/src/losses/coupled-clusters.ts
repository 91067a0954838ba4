import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { allSquaredDistances } from './squared-distance.js';

/**
 * Coupled clusters loss (Liu et al. 2016): sum over positives of 1/2 max(0, |f+ - c+|^2 + alpha - |f-* - c+|^2), c+
 * the mean of the positives and f-* the negative nearest to it.
 * @param positives [N, D] of one class
 * @param negatives [M, D] of others
 */
export function coupledClustersLoss(positives: Tensor2D, negatives: Tensor2D, alpha: number): Scalar {
  const centre: Tensor2D = tf.mean(positives, 0, true);
  const nearest = tf.min(allSquaredDistances(negatives, centre));
  const excess = tf.sub(tf.add(allSquaredDistances(positives, centre), alpha), nearest);
  return tf.mul(tf.sum(tf.relu(excess)), 0.5);
}

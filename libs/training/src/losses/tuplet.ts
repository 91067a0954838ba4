import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * (N+1)-tuplet loss (Sohn 2016): log(1 + sum_j exp(f.f-_j - f.f+)), one tuplet.
 * @param anchor [D]
 * @param positive [D]
 * @param negatives [N, D]
 */
export function tupletLoss(anchor: Tensor1D, positive: Tensor1D, negatives: Tensor2D): Scalar {
  const toNegatives = tf.squeeze(tf.matMul(negatives, tf.expandDims<Tensor2D>(anchor, 1)), [1]);
  const excess = tf.sub(toNegatives, tf.sum(tf.mul(anchor, positive)));
  return tf.logSumExp(tf.concat([tf.zeros([1]), excess]));
}

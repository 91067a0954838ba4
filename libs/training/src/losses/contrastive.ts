import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { allSquaredDistances } from './squared-distance.js';
import { pairMask } from './pair-mask.js';

/**
 * Contrastive loss (Hadsell et al. 2006): 1/2 d^2 for pairs of a class, 1/2 max(0, m - d)^2 for others; mean over all
 * pairs of the batch, O(K^2).
 * @param embeddings [K, D]
 */
export function contrastiveLoss(embeddings: Tensor2D, labels: readonly number[], margin: number): Scalar {
  const squared = allSquaredDistances(embeddings, embeddings);
  const { same, other, pairs } = pairMask(labels);
  // The root has no slope at 0.
  const distance = tf.sqrt(tf.add(squared, 1e-12));
  const apart = tf.square(tf.relu(tf.sub(margin, distance)));
  return tf.div(tf.sum(tf.add(tf.mul(squared, same), tf.mul(apart, other))), 4 * pairs);
}

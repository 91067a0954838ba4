import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { allSquaredDistances } from './squared-distance.js';
import { pairMask } from './pair-mask.js';

/**
 * Triplet loss (Schroff et al. 2015) over every triplet of the batch: max(0, d(a, p) - d(a, n) + tau) with squared
 * distances, mean over the triplets, O(K^3).
 * @param embeddings [K, D]
 */
export function tripletLoss(embeddings: Tensor2D, labels: readonly number[], tau: number): Scalar {
  const squared = allSquaredDistances(embeddings, embeddings);
  const { same, other } = pairMask(labels);
  const hinge = tf.relu(tf.add(tf.sub(tf.expandDims(squared, 2), tf.expandDims(squared, 1)), tau));
  const valid = tf.mul(tf.expandDims(same, 2), tf.expandDims(other, 1));
  return tf.div(tf.sum(tf.mul(hinge, valid)), tf.maximum(tf.sum(valid), 1));
}

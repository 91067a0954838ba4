import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { classCentres } from './class-centres.js';
import { squaredDistances } from './squared-distance.js';

/**
 * Centre loss (Wen et al. 2016) with the batch's own centres: 1/2 mean |f - C|^2, centres constant for the gradient.
 * @param embeddings [K, D]
 */
export function centreLoss(embeddings: Tensor2D, labels: readonly number[]): Scalar {
  return tf.mul(tf.mean(squaredDistances(embeddings, classCentres(embeddings, labels))), 0.5);
}

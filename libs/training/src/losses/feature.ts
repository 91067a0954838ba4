import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * L_feat = 1/(WH) sum over positions of the squared distance between feature vectors, mean over the batch.
 * @param output features of the generated faces, [N, H, W, C], by a frozen network
 * @param target features of the neutral faces
 */
export function featureLoss(output: Tensor4D, target: Tensor4D): Scalar {
  return tf.mean(tf.sum(tf.squaredDifference(output, target), 3));
}

import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

function laplacian(x: Tensor4D): Tensor4D {
  const kernel = tf.tensor4d([0, 1, 0, 1, -4, 1, 0, 1, 0], [3, 3, 1, 1]);
  return tf.conv2d(x, kernel, 1, 'valid');
}

/**
 * L_sym = mean |xh - mirrored xh|. In `laplacian` space light from one side costs nothing, only edges count.
 * @param output generated faces [N, H, W, 1]
 */
export function symmetryLoss(output: Tensor4D, space: 'pixel' | 'laplacian' = 'pixel'): Scalar {
  const values = space === 'pixel' ? output : laplacian(output);
  return tf.mean(tf.abs(tf.sub(values, tf.reverse(values, 2))));
}

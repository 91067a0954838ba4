import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * L_pixel = |xh - y| per pixel, mean over the batch. The paper prints the sum over the picture without 1/(WH);
 * `form: 'printed'` gives that, 4096 times as much at 64x64.
 * @param output generated faces [N, H, W, 1]
 * @param target neutral faces of the same people
 */
export function pixelLoss(output: Tensor4D, target: Tensor4D, form: 'mean' | 'printed' = 'mean'): Scalar {
  const mean = tf.mean(tf.abs(tf.sub(output, target)));
  return form === 'mean' ? mean.asScalar() : tf.mul(mean, (output.size / output.shape[0]));
}

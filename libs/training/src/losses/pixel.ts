import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * L_pixel = |xh - y| per pixel, mean over the batch. The paper prints the sum over the picture without 1/(WH), which
 * is 4096 times as much at 64x64: `pixelLoss: sum` in a recipe.
 * @param output generated faces [N, H, W, 1]
 * @param target neutral faces of the same people
 */
export function pixelLoss(output: Tensor4D, target: Tensor4D): Scalar {
  return tf.mean(tf.abs(tf.sub(output, target))).asScalar();
}

/** A difference of input and target of this much of the range counts as fully changed. */
const CHANGED = 0.1;

/**
 * L_pixel with the pixels that the expression changes, where input and target differ, counting up to 1 + `emphasis`
 * times as much. They are a tenth of a face: counted evenly, leaving everything as it is would be nearly best.
 * @param input expressive faces [N, H, W, 1]
 */
export function emphasizedPixelLoss(
  output: Tensor4D,
  target: Tensor4D,
  input: Tensor4D,
  emphasis: number,
): Scalar {
  const changed = tf.minimum(tf.div(tf.abs(tf.sub(input, target)), CHANGED), 1);
  const weight = tf.add(tf.mul(changed, emphasis), 1);
  return tf.mean(tf.mul(tf.abs(tf.sub(output, target)), weight)).asScalar();
}

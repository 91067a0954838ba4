import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * L_GAN^Dis = -log Dis(g) - log(1 - Dis(xh)), on logits.
 * @param guiding logits of real neutral faces [N, 1]
 * @param generated logits of generated faces [M, 1]; the caller stops their gradient
 */
export function discriminatorLoss(guiding: Tensor2D, generated: Tensor2D): Scalar {
  return tf.add(tf.mean(tf.softplus(tf.neg(guiding))), tf.mean(tf.softplus(generated)));
}

/** L_GAN^Dec = -log Dis(xh) (Eq. 5), the non-saturating form, on logits. */
export function generatorLoss(generated: Tensor2D): Scalar {
  return tf.mean(tf.softplus(tf.neg(generated)));
}

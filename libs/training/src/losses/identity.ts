import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * L_id = sum over layers of 1/(WH) sum |psi(x) - psi(xh)|, mean over the batch: input against output, so that no
 * partner is needed. Vectors count as 1x1 pictures.
 * @param input per layer the features of the input faces, [N, H, W, C] or [N, C]
 * @param output per layer the features of the generated faces
 */
export function identityLoss(input: readonly Tensor[], output: readonly Tensor[]): Scalar {
  return input.reduce<Scalar>((sum, features, layer) => {
    const other = output[layer];
    if (!other) throw new Error(`no output features for layer ${layer}`);
    return tf.add(sum, tf.mean(tf.sum(tf.abs(tf.sub(features, other)), features.rank - 1)));
  }, tf.scalar(0));
}

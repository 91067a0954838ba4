import { BATCH_NORM_EPSILON } from '@deadpan/nets';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { nativeOps } from './native-op.js';

/**
 * Normalises each channel by the batch's own mean and variance. Twice as fast as the composed version of tfjs.
 * @returns the result and the batch's statistics, which the caller disposes; TensorFlow's variance is Bessel-corrected
 */
export function batchNorm(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
): { value: Tensor4D; mean: Tensor1D; variance: Tensor1D } {
  const empty = tf.tensor1d([]);
  let statistics: [Tensor, Tensor] | undefined;
  const operation = tf.customGrad((input, gamma, beta, save) => {
    const attributes = [
      { name: 'U', kind: 'float', value: 0 },
      { name: 'epsilon', kind: 'float', value: BATCH_NORM_EPSILON },
    ] as const;
    const outputs = nativeOps(
      'FusedBatchNormV3',
      [input as Tensor, gamma as Tensor, beta as Tensor, empty, empty],
      6,
      attributes.slice(1),
    );
    const [value, mean, variance, reserve1, reserve2, reserve3] = outputs as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    // Kept, since what is made in here is otherwise freed with the gradient's scope.
    statistics = [tf.keep(mean), tf.keep(variance)];
    (save as (tensors: Tensor[]) => void)([input as Tensor, gamma as Tensor, reserve1, reserve2, reserve3]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [features, weights, ...reserves] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
        return nativeOps(
          'FusedBatchNormGradV3',
          [dy, features, weights, ...reserves],
          5,
          attributes.slice(1),
        ).slice(0, 3);
      },
    };
  });
  const value = operation(x, scale, offset) as Tensor4D;
  if (!statistics) throw new Error('batch norm did not run');
  return { value, mean: statistics[0] as Tensor1D, variance: statistics[1] as Tensor1D };
}

import type { Tensor } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { nativeOp } from './native-op.js';

/** max(x, 0), its gradient by TensorFlow's ReluGrad (tfjs composes it of six operations). */
export function relu<T extends Tensor>(x: T): T {
  const operation = tf.customGrad((input, save) => {
    const value = nativeOp('Relu', [input as Tensor]);
    (save as (tensors: Tensor[]) => void)([value]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [y] = saved as [Tensor];
        return nativeOp('ReluGrad', [dy, y]);
      },
    };
  });
  return operation(x) as T;
}

/** x where positive, alpha x elsewhere. */
export function leakyRelu<T extends Tensor>(x: T, alpha: number): T {
  const attributes = [{ name: 'alpha', kind: 'float', value: alpha }] as const;
  const operation = tf.customGrad((input, save) => {
    const value = nativeOp('LeakyRelu', [input as Tensor], attributes);
    (save as (tensors: Tensor[]) => void)([input as Tensor]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [features] = saved as [Tensor];
        return nativeOp('LeakyReluGrad', [dy, features], attributes);
      },
    };
  });
  return operation(x) as T;
}

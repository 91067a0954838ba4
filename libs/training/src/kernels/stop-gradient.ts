import type { Tensor } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/** The same values, without a gradient to where they come from. */
export function stopGradient<T extends Tensor>(x: T): T {
  const operation = tf.customGrad((input) => {
    const tensor = input as T;
    return { value: tensor.clone(), gradFunc: () => tf.zerosLike(tensor) };
  });
  return operation(x);
}

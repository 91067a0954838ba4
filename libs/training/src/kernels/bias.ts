import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { nativeOp } from './native-op.js';

/** Adds one number per channel (the last axis); the gradient is one BiasAddGrad instead of a general reduction. */
export function addBias<T extends Tensor>(x: T, bias: Tensor1D): T {
  const operation = tf.customGrad((input, offset) => ({
    value: nativeOp('BiasAdd', [input as Tensor, offset as Tensor]),
    gradFunc: (dy: Tensor) => [dy.clone(), nativeOp('BiasAddGrad', [dy])],
  }));
  return operation(x, bias) as T;
}

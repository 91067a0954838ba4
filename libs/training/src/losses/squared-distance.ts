import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/** Squared Euclidean distance of each row of `a` to the row of `b` beside it, [N]. */
export function squaredDistances(a: Tensor2D, b: Tensor2D): Tensor1D {
  return tf.sum(tf.squaredDifference(a, b), 1);
}

/** Squared Euclidean distance of every row of `a` to every row of `b`, [N, M]. */
export function allSquaredDistances(a: Tensor2D, b: Tensor2D): Tensor2D {
  // Not tf.squaredDifference: its gradient does not add up what was broadcast.
  return tf.sum(tf.square(tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))), 2);
}

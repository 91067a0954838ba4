import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * Mean cross entropy between target distributions and the softmax of logits.
 * @param logits [N, classes]
 * @param targets [N, classes], rows sum to 1
 */
export function softmaxCrossEntropy(logits: Tensor2D, targets: Tensor2D): Scalar {
  return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
}

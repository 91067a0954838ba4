import type { Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { stopGradient } from '../kernels/stop-gradient.js';

/**
 * For each query the mean embedding of its class in the batch; constant for the gradient.
 * @param queries embeddings [K, D]
 * @param labels class of each query
 */
export function classCentres(queries: Tensor2D, labels: readonly number[]): Tensor2D {
  return tf.tidy(() => {
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const weights = labels.map((label) =>
      labels.map((other) => (other === label ? 1 / (counts.get(label) ?? 1) : 0)),
    );
    return stopGradient(tf.matMul(tf.tensor2d(weights), queries));
  });
}

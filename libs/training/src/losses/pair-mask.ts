import type { Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/** Which pairs of a batch are of one class ([K, K], 0 on the diagonal), which are not, and how many pairs there are. */
export function pairMask(labels: readonly number[]): { same: Tensor2D; other: Tensor2D; pairs: number } {
  const same = labels.map((a, i) => labels.map((b, j) => (a === b && i !== j ? 1 : 0)));
  const other = labels.map((a) => labels.map((b) => (a === b ? 0 : 1)));
  return {
    same: tf.tensor2d(same),
    other: tf.tensor2d(other),
    pairs: (labels.length * (labels.length - 1)) / 2,
  };
}

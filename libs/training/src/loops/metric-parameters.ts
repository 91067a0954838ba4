import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { AdaptiveMetric } from '../losses/radial-metric.js';
import { normal, type Random } from '../random.js';

/**
 * The trainable parameters of the adaptive metric by name: `la` and `lb` start as the same scaled orthonormal matrix,
 * so that H starts as b - D; `c` at 0, `b` at 1 until `startMetric` has seen a batch.
 * @param dimensions D of the embedding
 * @param rank rows of L_A and L_B
 */
export function createMetricParameters(
  dimensions: number,
  rank: number,
  random: Random,
): Map<string, Variable> {
  const columns = orthonormalColumns(dimensions, rank, random);
  // The tensor that a variable begins with is freed; the variable itself outlives the scope.
  const variable = (start: () => Tensor): Variable => tf.tidy(() => tf.variable(start(), true));
  const matrix = (): Variable => variable(() => tf.tensor2d(columns, [dimensions, rank]));
  return new Map([
    ['la', matrix()],
    ['lb', matrix()],
    ['c', variable(() => tf.zeros([dimensions, 1]))],
    ['b', variable(() => tf.scalar(1))],
  ]);
}

/** The parameters as the losses want them. */
export function asMetric(parameters: ReadonlyMap<string, Variable>): AdaptiveMetric {
  const of = (name: string): unknown => {
    const variable = parameters.get(name);
    if (!variable) throw new Error(`the metric has no parameter ${name}`);
    return variable;
  };
  return { la: of('la') as Tensor2D, lb: of('lb') as Tensor2D, c: of('c') as Tensor2D, b: of('b') as Scalar };
}

// Gram and Schmidt over random columns; row-major.
function orthonormalColumns(rows: number, columns: number, random: Random): Float32Array {
  const basis: number[][] = [];
  while (basis.length < Math.min(rows, columns)) {
    let vector = Array.from({ length: rows }, () => normal(random));
    for (const other of basis) {
      const overlap = vector.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
      vector = vector.map((value, i) => value - overlap * (other[i] ?? 0));
    }
    const length = Math.hypot(...vector);
    basis.push(vector.map((value) => value / length));
  }
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => basis[i % columns]?.[Math.floor(i / columns)] ?? 0,
  );
}

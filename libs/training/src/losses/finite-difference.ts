import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * The greatest difference between a function's gradient and central finite differences, relative to the gradient's
 * greatest component. An independent check for losses; slow, for small inputs.
 * @param f scalar function of the inputs
 * @param step of the differences; single precision wants large ones
 */
export function gradientError(
  f: (...inputs: Tensor[]) => Scalar,
  inputs: readonly Tensor[],
  step = 1e-2,
): number {
  return tf.tidy(() => {
    const gradients = tf.grads(f)([...inputs]);
    let greatest = 1e-6;
    let difference = 0;
    inputs.forEach((input, index) => {
      const analytic = gradients[index]?.dataSync<'float32'>() ?? new Float32Array(0);
      const values = input.dataSync<'float32'>();
      for (let i = 0; i < values.length; i++) {
        const shifted = (by: number): number => {
          const copy = values.slice();
          copy[i] = (copy[i] ?? 0) + by;
          const changed = inputs.map((other, k) => (k === index ? tf.tensor(copy, input.shape) : other));
          return f(...changed).dataSync<'float32'>()[0] ?? 0;
        };
        const numeric = (shifted(step) - shifted(-step)) / (2 * step);
        greatest = Math.max(greatest, Math.abs(numeric));
        difference = Math.max(difference, Math.abs(numeric - (analytic[i] ?? 0)));
      }
    });
    return difference / greatest;
  });
}

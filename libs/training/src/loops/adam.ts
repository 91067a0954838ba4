import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';
import { createOptimizer, type Optimizer } from './optimizer.js';

/** Constants of Adam (Kingma and Ba 2015). */
export interface AdamOptions {
  /** How much of the first moment stays; 0.9 unless told. */
  readonly beta1?: number;
  /** Decoupled weight decay (Loshchilov and Hutter 2019), for weights, not for biases; none unless told. */
  readonly weightDecay?: number;
}

const BETA2 = 0.999;
const EPSILON = 1e-7;

/** Adam with bias correction over `variables`. */
export function createAdam(
  variables: Variables,
  { beta1 = 0.9, weightDecay = 0 }: AdamOptions = {},
): Optimizer {
  return createOptimizer(
    variables,
    ['m', 'v'],
    ({ name, variable, gradient, moments: { m, v }, learningRate, steps }) => {
      const correction = Math.sqrt(1 - BETA2 ** steps) / (1 - beta1 ** steps);
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
      const change = tf.mul(tf.div(m, tf.add(tf.sqrt(v), EPSILON)), learningRate * correction);
      const decay = weightDecay > 0 && name.endsWith('/weights') ? 1 - learningRate * weightDecay : 1;
      variable.assign(tf.sub(decay === 1 ? variable : tf.mul(variable, decay), change));
    },
  );
}

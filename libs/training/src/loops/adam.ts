import type { Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';
import type { Optimizer } from './optimizer.js';

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
  const moments = new Map<string, Variable>();
  for (const [name, variable] of variables) {
    if (!variable.trainable) continue;
    for (const moment of ['m', 'v'])
      moments.set(
        `${name}/${moment}`,
        tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
      );
  }
  const adam: Optimizer = {
    moments,
    steps: 0,
    step(gradients, learningRate) {
      adam.steps++;
      const correction = Math.sqrt(1 - BETA2 ** adam.steps) / (1 - beta1 ** adam.steps);
      for (const [name, gradient] of Object.entries(gradients)) {
        const variable = variables.get(name);
        const m = moments.get(`${name}/m`);
        const v = moments.get(`${name}/v`);
        if (!variable || !m || !v) throw new Error(`no variable ${name} to optimise`);
        tf.tidy(() => {
          m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
          v.assign(tf.add(tf.mul(v, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
          const update = tf.mul(tf.div(m, tf.add(tf.sqrt(v), EPSILON)), learningRate * correction);
          const decay = weightDecay > 0 && name.endsWith('/weights') ? 1 - learningRate * weightDecay : 1;
          variable.assign(tf.sub(decay === 1 ? variable : tf.mul(variable, decay), update));
        });
      }
    },
    reset() {
      adam.steps = 0;
      tf.tidy(() => {
        for (const moment of moments.values()) moment.assign(tf.zerosLike(moment));
      });
    },
    dispose() {
      for (const moment of moments.values()) moment.dispose();
    },
  };
  return adam;
}

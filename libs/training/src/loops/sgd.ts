import type { Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';
import type { Optimizer } from './optimizer.js';

/** Constants of stochastic gradient descent. */
export interface SgdOptions {
  /** How much of the last step stays; the paper's unless told. */
  readonly momentum?: number;
  /** Share of each weight that its gradient gets, for weights, not for biases; none unless told. */
  readonly weightDecay?: number;
}

/** Gradient descent with momentum over `variables`: v = momentum v + g, w = w - rate v. */
export function createSgd(
  variables: Variables,
  { momentum = 0.9, weightDecay = 0 }: SgdOptions = {},
): Optimizer {
  const moments = new Map<string, Variable>();
  for (const [name, variable] of variables) {
    if (!variable.trainable) continue;
    moments.set(
      `${name}/v`,
      tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
    );
  }
  const sgd: Optimizer = {
    moments,
    steps: 0,
    step(gradients, learningRate) {
      sgd.steps++;
      for (const [name, gradient] of Object.entries(gradients)) {
        const variable = variables.get(name);
        const v = moments.get(`${name}/v`);
        if (!variable || !v) throw new Error(`no variable ${name} to optimise`);
        tf.tidy(() => {
          const decays = weightDecay > 0 && name.endsWith('/weights');
          const pull = decays ? tf.add(gradient, tf.mul(variable, weightDecay)) : gradient;
          v.assign(tf.add(tf.mul(v, momentum), pull));
          variable.assign(tf.sub(variable, tf.mul(v, learningRate)));
        });
      }
    },
    reset() {
      sgd.steps = 0;
      tf.tidy(() => {
        for (const moment of moments.values()) moment.assign(tf.zerosLike(moment));
      });
    },
    dispose() {
      for (const moment of moments.values()) moment.dispose();
    },
  };
  return sgd;
}

import type { Tensor, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';

/** Constants of Adam (Kingma and Ba 2015). */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay (Loshchilov and Hutter 2019), for weights, not for biases. */
  readonly weightDecay: number;
}

/** An optimiser whose whole state can be read and set, so that a killed run goes on to the same numbers. */
export interface Adam {
  /** Changes the variables that have a gradient. `factor` scales a variable's learning rate by its name. */
  step(
    gradients: Readonly<Record<string, Tensor>>,
    learningRate: number,
    factor?: (name: string) => number,
  ): void;
  /** Moments by `<name>/m` and `<name>/v`; live variables, not copies. */
  readonly moments: ReadonlyMap<string, Variable>;
  steps: number;
  dispose(): void;
}

/** The usual constants. */
export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 };

/** Adam with bias correction over `variables`. */
export function createAdam(variables: Variables, options: AdamOptions = adamDefaults): Adam {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const moments = new Map<string, Variable>();
  for (const [name, variable] of variables) {
    if (!variable.trainable) continue;
    for (const moment of ['m', 'v'])
      moments.set(
        `${name}/${moment}`,
        tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
      );
  }
  const adam: Adam = {
    moments,
    steps: 0,
    step(gradients, learningRate, factor = () => 1) {
      adam.steps++;
      const correction = Math.sqrt(1 - beta2 ** adam.steps) / (1 - beta1 ** adam.steps);
      for (const [name, gradient] of Object.entries(gradients)) {
        const variable = variables.get(name);
        const m = moments.get(`${name}/m`);
        const v = moments.get(`${name}/v`);
        if (!variable || !m || !v) throw new Error(`no variable ${name} to optimise`);
        const rate = learningRate * factor(name);
        tf.tidy(() => {
          m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
          v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
          const update = tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), rate * correction);
          const decay = weightDecay > 0 && name.endsWith('/weights') ? 1 - rate * weightDecay : 1;
          variable.assign(tf.sub(decay === 1 ? variable : tf.mul(variable, decay), update));
        });
      }
    },
    dispose() {
      for (const moment of moments.values()) moment.dispose();
    },
  };
  return adam;
}

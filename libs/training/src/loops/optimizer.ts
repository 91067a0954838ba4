import type { Tensor, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';

/** An optimiser whose whole state can be read and set, so that a killed run goes on to the same numbers. */
export interface Optimizer {
  /** Changes the variables that have a gradient. */
  step(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void;
  /** Moments by the name of the variable and of the moment; live variables, not copies. */
  readonly moments: ReadonlyMap<string, Variable>;
  steps: number;
  /** Forgets the moments: the variables have been set to other values. */
  reset(): void;
  dispose(): void;
}

/** What an optimiser does with one variable in a step. */
export interface Update<Moment extends string> {
  readonly name: string;
  readonly variable: Variable;
  readonly gradient: Tensor;
  /** Of this variable; zeros at first. */
  readonly moments: Readonly<Record<Moment, Variable>>;
  readonly learningRate: number;
  /** Steps that have been done, this one among them. */
  readonly steps: number;
}

/**
 * An optimiser over the trainable ones of `variables`.
 * @param names of the moments that each of them has
 * @param update changes a variable and its moments; what it makes besides is disposed of
 */
export function createOptimizer<Moment extends string>(
  variables: Variables,
  names: readonly Moment[],
  update: (update: Update<Moment>) => void,
): Optimizer {
  const moments = new Map<string, Variable>();
  const momentsOf = new Map<string, Record<Moment, Variable>>();
  for (const [name, variable] of variables) {
    if (!variable.trainable) continue;
    const own = names.map((moment) => {
      const zeros = tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
      moments.set(`${name}/${moment}`, zeros);
      return [moment, zeros] as const;
    });
    momentsOf.set(name, Object.fromEntries(own) as Record<Moment, Variable>);
  }
  const optimizer: Optimizer = {
    moments,
    steps: 0,
    step(gradients, learningRate) {
      optimizer.steps++;
      const { steps } = optimizer;
      for (const [name, gradient] of Object.entries(gradients)) {
        const variable = variables.get(name);
        const own = momentsOf.get(name);
        if (!variable || !own) throw new Error(`no variable ${name} to optimise`);
        tf.tidy(() => {
          update({ name, variable, gradient, moments: own, learningRate, steps });
        });
      }
    },
    reset() {
      optimizer.steps = 0;
      tf.tidy(() => {
        for (const moment of moments.values()) moment.assign(tf.zerosLike(moment));
      });
    },
    dispose() {
      for (const moment of moments.values()) moment.dispose();
    },
  };
  return optimizer;
}

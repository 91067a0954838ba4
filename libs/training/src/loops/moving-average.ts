import type { Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';

/** Variables that follow others slowly; what is evaluated and released (Polyak averaging). */
export interface MovingAverage {
  readonly variables: ReadonlyMap<string, Variable>;
  /** Moves towards the followed values; call it after every step. */
  update(step: number): void;
  dispose(): void;
}

// One pass over all weights costs as much as a fortieth of a step; every fourth step is enough.
const EVERY = 4;

/**
 * Follows `variables`.
 * @param decay weight of the old value after one step; smaller in the beginning
 */
export function createMovingAverage(variables: Variables, decay: number): MovingAverage {
  const averages = new Map(
    [...variables].map(([name, variable]) => [name, tf.tidy(() => tf.variable(variable.clone(), false))]),
  );
  return {
    variables: averages,
    update(step) {
      if (step % EVERY !== 0) return;
      const kept = Math.min(decay ** EVERY, (1 + step / EVERY) / (10 + step / EVERY));
      for (const [name, average] of averages) {
        const variable = variables.get(name);
        if (!variable) continue;
        tf.tidy(() => {
          average.assign(tf.add(tf.mul(average, kept), tf.mul(variable, 1 - kept)));
        });
      }
    },
    dispose() {
      for (const average of averages.values()) average.dispose();
    },
  };
}

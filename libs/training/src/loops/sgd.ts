import { tf } from '../backend.js';
import type { Variables } from '../networks/variables.js';
import { createOptimizer, type Optimizer } from './optimizer.js';

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
  return createOptimizer(variables, ['v'], ({ name, variable, gradient, moments: { v }, learningRate }) => {
    const decays = weightDecay > 0 && name.endsWith('/weights');
    const pull = decays ? tf.add(gradient, tf.mul(variable, weightDecay)) : gradient;
    v.assign(tf.add(tf.mul(v, momentum), pull));
    variable.assign(tf.sub(variable, tf.mul(v, learningRate)));
  });
}

import type { Tensor, Variable } from '@tensorflow/tfjs-node';

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

import type { MethodName } from './method.js';
import type { RunSpec } from './train-run.js';

/** Weights of the metric loss that Fig. 11 tries; beside them 0 is softmax alone, where that is run. */
export const gammaValues = [0.1, 0.25, 0.5, 0.75, 0.95, 1, 1.25] as const;
/** Slopes of the LeakyReLU that Fig. 12 tries. */
export const slopeValues = [0, 0.05, 0.075, 0.1, 0.125, 0.2] as const;
/** The paper's values, which all other runs have. */
export const paperGamma = 1;
export const paperSlope = 0.1;

/** What a plan is made of. */
export interface PlanOptions {
  readonly methods: readonly MethodName[];
  /** Splits to run, from the first. */
  readonly folds: number;
  readonly seeds: readonly number[];
  readonly gamma: number;
  /** Whether to vary gamma and the slope (RML with references, first split). */
  readonly gammaFigure: boolean;
  readonly slopeFigure: boolean;
}

/** The runs of an experiment, each once: fold by fold and seed by seed all methods, so that a stopped one is even. */
export function planRuns(options: PlanOptions): RunSpec[] {
  const { methods, folds, seeds, gamma } = options;
  const main = Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) =>
    seeds.flatMap((seed) =>
      methods.map((method): RunSpec => ({ method, fold, seed, gamma, alpha: paperSlope })),
    ),
  );
  const radial = (seed: number, change: Partial<RunSpec>): RunSpec => ({
    method: 'radial',
    fold: 0,
    seed,
    gamma,
    alpha: paperSlope,
    ...change,
  });
  const sweeps = seeds.flatMap((seed) => [
    ...(options.gammaFigure ? gammaValues.map((value) => radial(seed, { gamma: value })) : []),
    ...(options.slopeFigure ? slopeValues.map((alpha) => radial(seed, { alpha })) : []),
  ]);
  const byName = new Map([...main, ...sweeps].map((spec) => [runName(spec), spec]));
  return [...byName.values()];
}

/** Names a run's file. */
export function runName({ method, fold, seed, gamma, alpha }: RunSpec): string {
  const weight = method === 'softmax' ? '' : `-gamma${gamma}`;
  return `${method}${weight}-slope${alpha}-fold${fold + 1}-seed${seed}`;
}

import { classificationReport, type Confusion } from '../metrics/classification.js';
import { methodNames, methodTitle, type MethodName } from './method.js';
import { paperGamma, paperSlope } from './run-plan.js';
import type { CurvePoint, RunResult } from './train-run.js';

/** A mean with its spread over runs. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of the runs; 0 for one. */
  readonly deviation: number;
  readonly runs: number;
}

/** A mean of paired differences. */
export interface Gain extends Spread {
  /** The 95 % interval of the mean (Student's t); undefined for one pair, which tells nothing of it. */
  readonly interval: readonly [low: number, high: number] | undefined;
}

/** A method with a weight of its metric loss beside the softmax; softmax alone has none. */
export interface Variant {
  readonly method: MethodName;
  readonly gamma: number;
}

/** What a method's runs come to; accuracies are shares of 1. */
export interface MethodSummary extends Variant {
  readonly title: string;
  readonly accuracy: Spread;
  /** Of all test items of all runs together. */
  readonly pooled: number;
  readonly classMean: Spread;
  readonly macroF1: Spread;
  /** Accuracy less that of softmax alone with the same fold and seed; undefined without such runs. */
  readonly gain: Gain | undefined;
  /** The same for the class-mean accuracy. */
  readonly classMeanGain: Gain | undefined;
  readonly confusion: Confusion;
  /** Distance comparisons a batch. */
  readonly comparisons: number;
  /** Processor time of a training step, milliseconds. */
  readonly stepCpuMs: number;
}

/** How long a method and RML train until both are equally good on the validation faces. */
export interface TimeSummary extends Variant {
  readonly title: string;
  readonly cpuSeconds: Spread;
  readonly steps: Spread;
  /** The same for RML with references and the same gamma, to the same accuracies. */
  readonly radialCpuSeconds: Spread;
  readonly radialSteps: Spread;
  /** Processor time of the method over that of RML. */
  readonly ratio: number;
}

/** A point of Fig. 11 or Fig. 12. */
export interface SweepPoint {
  readonly value: number;
  readonly accuracy: Spread;
  readonly classMean: Spread;
}

/** The confusion that a protocol's accuracy counts. */
export function confusionOf(run: RunResult, bySequence: boolean): Confusion {
  return bySequence && run.sequenceConfusion !== undefined ? run.sequenceConfusion : run.confusion;
}

/** Mean and standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const runs = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, runs);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: runs > 1 ? Math.sqrt(squares / (runs - 1)) : 0, runs };
}

// Two-sided 95 % quantiles of Student's t by degrees of freedom; the last holds from there on.
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
];

function gainFrom(differences: readonly number[]): Gain {
  const spread = spreadOf(differences);
  if (spread.runs < 2) return { ...spread, interval: undefined };
  const half = ((T95[spread.runs - 2] ?? 1.96) * spread.deviation) / Math.sqrt(spread.runs);
  return { ...spread, interval: [spread.mean - half, spread.mean + half] };
}

function sameDraw(a: RunResult, b: RunResult): boolean {
  return a.fold === b.fold && a.seed === b.seed;
}

/** Whether a run belongs to a variant; softmax alone to every weight. */
function isOf(run: RunResult, { method, gamma }: Variant): boolean {
  return run.method === method && run.alpha === paperSlope && (method === 'softmax' || run.gamma === gamma);
}

/** The variants that runs are of, in the order of the methods and of the weights; the slope is the paper's. */
export function variantsOf(runs: readonly RunResult[]): Variant[] {
  return methodNames.flatMap((method) => {
    const gammas = new Set(
      runs.filter((run) => run.method === method && run.alpha === paperSlope).map(({ gamma }) => gamma),
    );
    return [...gammas]
      .sort((a, b) => b - a)
      .slice(0, method === 'softmax' ? 1 : undefined)
      .map((gamma) => ({ method, gamma }));
  });
}

/** Sums up the runs of each variant. */
export function summarizeMethods(runs: readonly RunResult[], bySequence: boolean): MethodSummary[] {
  const report = (run: RunResult) => classificationReport(confusionOf(run, bySequence));
  const softmax = runs.filter((run) => isOf(run, { method: 'softmax', gamma: 0 }));
  return variantsOf(runs).flatMap((variant) => {
    const own = runs.filter((run) => isOf(run, variant));
    const [first] = own;
    if (!first) return [];
    const gain = (of: (run: RunResult) => number) => {
      const pairs = own.flatMap((run) => {
        const base = softmax.find((other) => sameDraw(run, other));
        return base ? [of(run) - of(base)] : [];
      });
      return variant.method === 'softmax' || pairs.length === 0 ? undefined : gainFrom(pairs);
    };
    const confusion = own
      .map((run) => confusionOf(run, bySequence))
      .reduce((sum, one) => sum.map((row, k) => row.map((count, c) => count + (one[k]?.[c] ?? 0))));
    const step = (run: RunResult): number => {
      const last = run.curve.at(-1);
      return last ? (1000 * last.cpuSeconds) / last.step : 0;
    };
    return [
      {
        ...variant,
        title: methodTitle(variant.method),
        accuracy: spreadOf(own.map((run) => report(run).accuracy)),
        pooled: classificationReport(confusion).accuracy,
        classMean: spreadOf(own.map((run) => report(run).classMeanAccuracy)),
        macroF1: spreadOf(own.map((run) => report(run).macroF1)),
        gain: gain((run) => report(run).accuracy),
        classMeanGain: gain((run) => report(run).classMeanAccuracy),
        confusion,
        comparisons: first.comparisons,
        stepCpuMs: spreadOf(own.map(step)).mean,
      },
    ];
  });
}

/**
 * Time to the same validation accuracy, beside RML with references: for each fold and seed the lower of the two
 * bests, so that both reach it. Time counts training steps and not the looks at the validation faces.
 */
export function summarizeTimes(runs: readonly RunResult[]): TimeSummary[] {
  return variantsOf(runs).flatMap((variant) => {
    const pairs = runs
      .filter((run) => isOf(run, variant))
      .flatMap((run) => {
        const candidates = runs.filter(
          (other) => other.method === 'radial' && other.alpha === paperSlope && sameDraw(run, other),
        );
        const radial =
          variant.method === 'softmax'
            ? (candidates.find(({ gamma }) => gamma === paperGamma) ?? candidates[0])
            : candidates.find(({ gamma }) => gamma === run.gamma);
        if (!radial) return [];
        const goal = Math.min(run.validation, radial.validation);
        const [own, its] = [reached(run, goal), reached(radial, goal)];
        return own && its ? [[own, its] as const] : [];
      });
    if (pairs.length === 0) return [];
    const cpuSeconds = spreadOf(pairs.map(([own]) => own.cpuSeconds));
    const radialCpuSeconds = spreadOf(pairs.map(([, its]) => its.cpuSeconds));
    return [
      {
        ...variant,
        title: methodTitle(variant.method),
        cpuSeconds,
        steps: spreadOf(pairs.map(([own]) => own.step)),
        radialCpuSeconds,
        radialSteps: spreadOf(pairs.map(([, its]) => its.step)),
        ratio: cpuSeconds.mean / radialCpuSeconds.mean,
      },
    ];
  });
}

function reached(run: RunResult, goal: number): CurvePoint | undefined {
  return run.curve.find(({ accuracy }) => accuracy >= goal);
}

/** Accuracy of RML with references over a parameter: the mean of the runs at each of its values. */
export function summarizeSweep(
  runs: readonly RunResult[],
  bySequence: boolean,
  parameter: (run: RunResult) => number,
): SweepPoint[] {
  const values = [...new Set(runs.map(parameter))].sort((a, b) => a - b);
  return values.map((value) => {
    const reports = runs
      .filter((run) => parameter(run) === value)
      .map((run) => classificationReport(confusionOf(run, bySequence)));
    return {
      value,
      accuracy: spreadOf(reports.map(({ accuracy }) => accuracy)),
      classMean: spreadOf(reports.map(({ classMeanAccuracy }) => classMeanAccuracy)),
    };
  });
}

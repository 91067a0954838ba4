import { classificationReport, type Confusion } from '../metrics/classification.js';
import { methodTitle, type MethodName } from './method.js';
import type { RunResult } from './train-run.js';

/** A mean with its spread over runs. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of the runs; 0 for one. */
  readonly deviation: number;
  readonly runs: number;
}

/** What a method's runs come to; accuracies are shares of 1. */
export interface MethodSummary {
  readonly method: MethodName;
  readonly title: string;
  readonly accuracy: Spread;
  /** Of all test items of all runs together. */
  readonly pooled: number;
  readonly classMean: Spread;
  readonly macroF1: Spread;
  /** Accuracy less that of softmax alone with the same fold and seed; undefined without such runs. */
  readonly gain: (Spread & { readonly low: number; readonly high: number }) | undefined;
  /** The same for the class-mean accuracy. */
  readonly classMeanGain: (Spread & { readonly low: number; readonly high: number }) | undefined;
  readonly confusion: Confusion;
  /** Distance comparisons a batch. */
  readonly comparisons: number;
  /** Processor time of a training step, milliseconds. */
  readonly stepCpuMs: number;
}

/** How long a method trains until it is as good on the validation faces as every compared method gets. */
export interface TimeSummary {
  readonly method: MethodName;
  readonly title: string;
  readonly cpuSeconds: Spread;
  readonly seconds: Spread;
  readonly steps: Spread;
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

/** The 95 % interval of a mean of paired differences (Student's t). */
function interval(differences: readonly number[]): Spread & { low: number; high: number } {
  const spread = spreadOf(differences);
  const t = T95[spread.runs - 2] ?? (spread.runs < 2 ? Number.POSITIVE_INFINITY : 1.96);
  const half = spread.runs < 2 ? 1 : (t * spread.deviation) / Math.sqrt(spread.runs);
  return { ...spread, low: spread.mean - half, high: spread.mean + half };
}

function sameDraw(a: RunResult, b: RunResult): boolean {
  return a.fold === b.fold && a.seed === b.seed;
}

/** Sums up the runs of each method, in the order of `methods`. */
export function summarizeMethods(
  methods: readonly MethodName[],
  runs: readonly RunResult[],
  bySequence: boolean,
): MethodSummary[] {
  const report = (run: RunResult) => classificationReport(confusionOf(run, bySequence));
  const softmax = runs.filter(({ method }) => method === 'softmax');
  return methods.flatMap((method) => {
    const own = runs.filter((run) => run.method === method);
    const [first] = own;
    if (!first) return [];
    const gain = (of: (run: RunResult) => number) => {
      const pairs = own.flatMap((run) => {
        const base = softmax.find((other) => sameDraw(run, other));
        return base ? [of(run) - of(base)] : [];
      });
      return method === 'softmax' || pairs.length === 0 ? undefined : interval(pairs);
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
        method,
        title: methodTitle(method),
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
 * Time to the same validation accuracy. For each fold and seed the goal is the best validation accuracy of the method
 * whose best is lowest, so that every method reaches it; time counts training steps and not the looks at the
 * validation faces.
 */
export function summarizeTimes(methods: readonly MethodName[], runs: readonly RunResult[]): TimeSummary[] {
  const goal = (run: RunResult): number =>
    Math.min(...runs.filter((other) => sameDraw(run, other)).map(({ validation }) => validation));
  return methods.flatMap((method) => {
    const reached = runs
      .filter((run) => run.method === method)
      .flatMap((run) => run.curve.find(({ accuracy }) => accuracy >= goal(run)) ?? []);
    if (reached.length === 0) return [];
    return [
      {
        method,
        title: methodTitle(method),
        cpuSeconds: spreadOf(reached.map(({ cpuSeconds }) => cpuSeconds)),
        seconds: spreadOf(reached.map(({ seconds }) => seconds)),
        steps: spreadOf(reached.map(({ step }) => step)),
      },
    ];
  });
}

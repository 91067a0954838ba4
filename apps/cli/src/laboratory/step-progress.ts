import { Presets, SingleBar } from 'cli-progress';

/** What a training run tells after its logged steps. */
export interface TrainingStep {
  readonly step: number;
  readonly steps: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
  /** On held-out faces, where this step measured it. */
  readonly accuracy?: number;
}

const LINE_EVERY_MS = 10_000;

/** Progress of a run: a bar with the time left on a terminal, a line every 10 s in a pipe; on standard error. */
export function createStepProgress(name: string, quiet: boolean): (progress: TrainingStep) => void {
  if (quiet) return () => undefined;
  return process.stderr.isTTY ? bar(name) : lines(name);
}

const lossesOf = (terms: TrainingStep['terms']): string =>
  Object.entries(terms)
    .map(([term, value]) => `${term} ${value.toPrecision(3)}`)
    .join('  ');

function bar(name: string): (progress: TrainingStep) => void {
  const shown = new SingleBar(
    {
      format: `${name} {bar} {value}/{total} | {rate} images/s | {left} left | {losses}`,
      stream: process.stderr,
      barsize: 20,
    },
    Presets.shades_classic,
  );
  const began = performance.now();
  let first: number | null = null;
  return ({ step, steps, terms, imagesPerSecond }) => {
    if (first === null) {
      first = step;
      shown.start(steps, step, { rate: '-', left: '-', losses: '' });
    }
    const done = step - first;
    const seconds = (performance.now() - began) / 1000;
    const left = done > 0 ? `${Math.round((seconds * (steps - step)) / done / 60)} min` : '-';
    shown.update(step, { rate: imagesPerSecond.toFixed(0), left, losses: lossesOf(terms) });
    if (step >= steps) shown.stop();
  };
}

function lines(name: string): (progress: TrainingStep) => void {
  let said = -Infinity;
  return ({ step, steps, terms, imagesPerSecond, accuracy }) => {
    const now = performance.now();
    if (accuracy === undefined && step < steps && now - said < LINE_EVERY_MS) return;
    said = now;
    const measured = accuracy === undefined ? '' : `  accuracy ${(accuracy * 100).toFixed(2)} %`;
    process.stderr.write(
      `${name} ${step}/${steps}  ${imagesPerSecond.toFixed(0)} images/s  ${lossesOf(terms)}${measured}\n`,
    );
  };
}

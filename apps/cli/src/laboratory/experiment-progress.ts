import type { ExperimentProgress } from '@deadpan/training';

const LINE_EVERY_MS = 5_000;

/** Progress of an experiment on standard error: a line every few seconds, with the time that training will take yet. */
export function createExperimentProgress(quiet: boolean): (progress: ExperimentProgress) => void {
  if (quiet) return () => undefined;
  let said = -Infinity;
  let task = '';
  let began: number | null = null;
  return (progress) => {
    const now = performance.now();
    if (progress.stepsDone > 0) began ??= now;
    const first = progress.task !== task;
    if (!first && now - said < LINE_EVERY_MS) return;
    said = now;
    task = progress.task;
    process.stderr.write(
      `${progress.task}: ${progress.done} of ${progress.of}${timeLeft(progress, began, now)}\n`,
    );
  };
}

function timeLeft({ stepsDone, stepsLeft }: ExperimentProgress, began: number | null, now: number): string {
  if (began === null || stepsDone < 10) return '';
  const minutes = ((now - began) / stepsDone) * (stepsLeft / 60_000);
  return `, about ${minutes < 1.5 ? 'a minute' : `${Math.round(minutes)} minutes`} left`;
}

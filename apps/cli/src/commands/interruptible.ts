import { DeadpanError } from '@deadpan/shared';

/** Runs work that Ctrl-C stops after the step that is under way; the run can be taken up again. */
export async function interruptible(
  finish: (exitCode: number) => void,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await work(interruption.signal);
    if (interruption.signal.aborted) {
      throw new DeadpanError(
        'E_INTERRUPTED',
        'Interrupted after a step. The same command goes on from there.',
      );
    }
    finish(0);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

import type { Halving } from './schedule.js';

/** How a run goes from evaluation to evaluation: a plain value, which its checkpoints hold. */
export interface ValidationCourse {
  /** The best validation accuracy so far, 0..1. */
  readonly best: number;
  /** Evaluations since then. */
  readonly sinceBest: number;
  /** Evaluations since then, or since the rate was halved. */
  readonly stalled: number;
  readonly halvings: number;
  /** Mean training loss of the steps before the last evaluation; null where none is to be compared with. */
  readonly loss: number | null;
}

/** What a run begins with. */
export const beginCourse = (): ValidationCourse => ({
  best: 0,
  sinceBest: 0,
  stalled: 0,
  halvings: 0,
  loss: null,
});

/**
 * The course after an evaluation. The rate is halved where the loss rose or the accuracy stalled for longer than `halve`
 * says; what happened before then no longer counts, for the run goes on from its best weights.
 * @param accuracy on the validation set, 0..1
 * @param loss mean training loss of the steps since the evaluation before
 */
export function followCourse(
  before: ValidationCourse,
  accuracy: number,
  loss: number,
  halve: Halving | undefined,
): ValidationCourse {
  const isBest = accuracy > before.best;
  const best = isBest ? accuracy : before.best;
  const sinceBest = isBest ? 0 : before.sinceBest + 1;
  const stalled = isBest ? 0 : before.stalled + 1;
  const { halvings } = before;
  const rose = before.loss !== null && loss > before.loss * (1 + (halve?.rise ?? Infinity));
  if (rose || stalled >= (halve?.stall ?? Infinity)) {
    return { best, sinceBest, stalled: 0, halvings: halvings + 1, loss: null };
  }
  return { best, sinceBest, stalled, halvings, loss };
}

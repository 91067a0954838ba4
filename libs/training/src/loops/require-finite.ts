import { DeadpanError } from '@deadpan/shared';

/** What to do where a run has come to values that are no numbers. */
export const DIVERGED_ADVICE =
  'Lower "peak" in the recipe\'s schedule, or lengthen "warmUp", and choose another folder.';

/**
 * @param step steps that have been done
 * @throws DeadpanError E_TRAINING where a term of the loss is no number: every step from here on would give none
 */
export function requireFinite(terms: Readonly<Record<string, number>>, step: number): void {
  const broken = Object.keys(terms).find((name) => !Number.isFinite(terms[name]));
  if (broken === undefined) return;
  throw new DeadpanError('E_TRAINING', `The loss "${broken}" is no number after ${step} steps.`, {
    advice: DIVERGED_ADVICE,
  });
}

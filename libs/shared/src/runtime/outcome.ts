import type { DropReason } from './drop-reason.js';

/** What a stage says of one record. Errors that belong to a record are values; throwing means a bug. */
export type Outcome<T> =
  | { readonly kind: 'ok'; readonly values: readonly T[] }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  | { readonly kind: 'dead-letter'; readonly reason: string; readonly error: Error };

/** What came of the record goes on: none, one or many. */
export const ok = <T>(...values: readonly T[]): Outcome<T> => ({ kind: 'ok', values });

/** The record ends here, as it should; `reason` is a label of the drop counter. */
export const drop = (reason: DropReason): Outcome<never> => ({ kind: 'drop', reason });

/** The record cannot be worked on and is put aside with its reason. */
export const deadLetter = (reason: string, error: Error): Outcome<never> => ({
  kind: 'dead-letter',
  reason,
  error,
});

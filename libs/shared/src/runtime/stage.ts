import type { Observable } from 'rxjs';

import type { Envelope } from '../links/index.js';
import type { DropReason } from './drop-reason.js';
import type { Outcome } from './outcome.js';

/**
 * A stage without memory: one outcome per record, in the same order. Its name feeds metrics, logs and traces.
 */
export interface MapStage<In, Out> {
  readonly name: string;
  (records: readonly In[]): Promise<readonly Outcome<Out>[]>;
}

/** What a stream stage may do with a record besides passing it on. */
export interface StreamContext {
  /** Says how long one record took. */
  worked(seconds: number): void;
  /** Counts the record as dropped and acks it. */
  drop(record: Envelope<unknown>, reason: DropReason): void;
  /** Puts the record aside and acks it once that is done. */
  deadLetter(record: Envelope<unknown>, reason: string, error: Error): void;
}

/**
 * A stage with memory (tracks, windows). It forks, drops, dead-letters or acks each envelope it is given, and keeps
 * the order per key.
 */
export interface StreamStage<In, Out> {
  readonly name: string;
  (records: Observable<Envelope<In>>, context: StreamContext): Observable<Envelope<Out>>;
}

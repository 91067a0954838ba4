import { Observable } from 'rxjs';

import { fork, type Envelope, type Receiver, type Sender } from '../links/index.js';
import { batches, type BatchOptions } from './batches.js';
import { deadLetter, type Outcome } from './outcome.js';
import type { StageObserver } from './stage-observer.js';
import type { MapStage, StreamStage } from './stage.js';

/** A record that was put aside. */
export interface DeadLetter {
  readonly stage: string;
  readonly reason: string;
  readonly error: Error;
  readonly record: Envelope<unknown>;
}

/** Puts a record aside for good; the record is acked once it resolves. */
export type DeadLetterSink = (letter: DeadLetter) => Promise<void>;

/** Where a stage reads and writes, and who is told. */
export interface StageWiring<In, Out> {
  readonly from: Receiver<In>;
  readonly to: Sender<Out>;
  readonly deadLetters: DeadLetterSink;
  readonly observer: StageObserver;
}

/** How many records of a map stage are worked on at a time. */
export interface MapRunOptions extends BatchOptions {
  /** Calls that may run side by side; results leave in the order of the records all the same. */
  readonly concurrency: number;
}

/**
 * Runs a map stage until its receiver ends, then ends its sender. Records leave in the order in which they came.
 * A call that throws is a bug: its records are tried one by one, so that only the culprit is put aside.
 */
export async function runMapStage<In, Out>(
  stage: MapStage<In, Out>,
  { from, to, deadLetters, observer }: StageWiring<In, Out>,
  options: MapRunOptions,
): Promise<void> {
  async function call(records: readonly In[]): Promise<readonly Outcome<Out>[]> {
    const started = performance.now();
    const outcomes = await stage(records);
    observer.worked(stage.name, (performance.now() - started) / 1000, records.length);
    if (outcomes.length !== records.length) {
      throw new RangeError(
        `stage ${stage.name} gave ${outcomes.length} outcomes for ${records.length} records`,
      );
    }
    return outcomes;
  }

  async function work(records: readonly In[]): Promise<readonly Outcome<Out>[]> {
    try {
      return await call(records);
    } catch (error) {
      if (records.length === 1) return [deadLetter('failed', asError(error))];
      return (await Promise.all(records.map((record) => work([record])))).flat();
    }
  }

  async function settle(record: Envelope<In>, outcome: Outcome<Out>): Promise<void> {
    switch (outcome.kind) {
      case 'ok':
        for (const child of fork(record, outcome.values)) {
          observer.emitted(stage.name, child.key);
          await to.send(child);
        }
        return;
      case 'drop':
        observer.dropped(stage.name, record.key, outcome.reason);
        record.ack();
        return;
      case 'dead-letter':
        observer.deadLettered(stage.name, record.key, outcome.reason);
        await deadLetters({ stage: stage.name, reason: outcome.reason, error: outcome.error, record });
        record.ack();
    }
  }

  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  let before: Promise<void> = Promise.resolve();
  const coming = batches(from, options);
  let stopWaiting: () => void = () => undefined;
  // After a failure perhaps nothing more comes: what waits for its acks does not send. No race with one promise for all
  // batches, which would remember each of them for as long as the stage runs.
  const nextBatch = (): Promise<readonly Envelope<In>[] | undefined> =>
    new Promise((resolve, reject) => {
      stopWaiting = () => {
        resolve(undefined);
      };
      coming.next().then(({ value }) => {
        resolve(value ?? undefined);
      }, reject);
    });
  for (;;) {
    const batch = await nextBatch();
    if (batch === undefined) break;
    for (const record of batch) observer.received(stage.name, record.key);
    const working = work(batch.map((record) => record.value));
    const turn = before;
    const settled = (async () => {
      const outcomes = await working;
      await turn;
      for (const [i, record] of batch.entries()) {
        const outcome = outcomes[i];
        if (outcome !== undefined) await settle(record, outcome);
      }
    })();
    before = settled.catch((error: unknown) => {
      failure ??= { error };
      stopWaiting();
    });
    const done = before;
    running.add(done);
    void done.finally(() => running.delete(done));
    while (running.size >= options.concurrency) await Promise.race(running);
    if (failure !== undefined) break;
  }
  // Ends the receiving; not waited for, since after a failure perhaps nothing more comes.
  coming.return(undefined).catch(() => undefined);
  await Promise.all(running);
  // The failure is set from within the promises above, which the flow analysis does not see.
  const fault = failure as { error: unknown } | undefined;
  if (fault !== undefined) throw fault.error;
  await to.end();
}

/**
 * Runs a stream stage until its receiver ends and all that it emits is sent, then ends its sender.
 * How many records may be under way is the receiver's to bound (`inFlight` of a link).
 */
export async function runStreamStage<In, Out>(
  stage: StreamStage<In, Out>,
  { from, to, deadLetters, observer }: StageWiring<In, Out>,
): Promise<void> {
  const records = new Observable<Envelope<In>>((subscriber) => {
    void (async () => {
      for await (const record of from) {
        if (subscriber.closed) return;
        observer.received(stage.name, record.key);
        subscriber.next(record);
      }
      subscriber.complete();
    })().catch((error: unknown) => {
      subscriber.error(error);
    });
  });

  let sending: Promise<void> = Promise.resolve();
  let aside: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    const emitted = stage(records, {
      worked(seconds) {
        observer.worked(stage.name, seconds, 1);
      },
      drop(record, reason) {
        observer.dropped(stage.name, record.key, reason);
        record.ack();
      },
      deadLetter(record, reason, error) {
        observer.deadLettered(stage.name, record.key, reason);
        aside = aside
          .then(() => deadLetters({ stage: stage.name, reason, error, record }))
          .then(() => {
            record.ack();
          });
        aside.catch(reject);
      },
    });
    emitted.subscribe({
      next(record) {
        observer.emitted(stage.name, record.key);
        sending = sending.then(() => to.send(record));
        sending.catch(reject);
      },
      error: reject,
      complete: resolve,
    });
  });
  await sending;
  await aside;
  await to.end();
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

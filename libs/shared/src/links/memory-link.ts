import { DeadpanError } from '../errors/index.js';
import type { Envelope } from './envelope.js';
import { envelope } from './envelope.js';
import type { Link } from './link.js';

/** How a memory link behaves when it is full. */
export type FullPolicy = 'block' | 'drop-oldest';

/** Options of {@link createMemoryLink}. */
export interface MemoryLinkOptions<T> {
  readonly name: string;
  /** Records that may wait to be read. */
  readonly capacity: number;
  /** Records that may be read and not yet acked; no more are handed out until one is. Default: no limit. */
  readonly inFlight?: number;
  /** `block` (batch): the sender waits. `drop-oldest` (live): the oldest of the same key goes, else the oldest. */
  readonly whenFull: FullPolicy;
  /** Told of each record that was dropped; the record is acked afterwards. */
  readonly onDrop?: (dropped: Envelope<T>) => void;
}

/** A memory link with a look inside for gauges. */
export interface MemoryLink<T> extends Link<T> {
  /** Records that wait to be read. */
  readonly waiting: number;
  /** Records that were read and are not acked yet. */
  readonly unacked: number;
}

/** A bounded queue within the process. Several readers share the records; each record goes to one of them. */
export function createMemoryLink<T>(options: MemoryLinkOptions<T>): MemoryLink<T> {
  const { name, capacity, inFlight = Number.POSITIVE_INFINITY, whenFull, onDrop } = options;
  if (!(capacity >= 1) || !(inFlight >= 1))
    throw new RangeError(`link ${name}: capacity and inFlight start at 1`);

  const queue: Envelope<T>[] = [];
  const senders: (() => void)[] = [];
  const readers: (() => void)[] = [];
  const drained: (() => void)[] = [];
  let unacked = 0;
  let ended = false;

  const wake = (sleepers: (() => void)[]): void => {
    for (const resume of sleepers.splice(0)) resume();
  };
  const sleep = (sleepers: (() => void)[]): Promise<void> =>
    new Promise((resume) => {
      sleepers.push(resume);
    });

  function dropOldest(key: string): void {
    const sameKey = queue.findIndex((waiting) => waiting.key === key);
    const [dropped] = queue.splice(Math.max(sameKey, 0), 1);
    if (dropped === undefined) return;
    onDrop?.(dropped);
    dropped.ack();
  }

  async function send(record: Envelope<T>): Promise<void> {
    const closed = (): DeadpanError =>
      new DeadpanError('E_LINK', `The link "${name}" takes no more records: it has ended.`);
    if (ended) throw closed();
    while (queue.length >= capacity) {
      if (whenFull === 'drop-oldest') {
        dropOldest(record.key);
      } else {
        await sleep(senders);
        // Ended meanwhile: another task may have called end() during the wait.
        if (ended as boolean) throw closed();
      }
    }
    queue.push(record);
    wake(readers);
  }

  async function* receive(): AsyncGenerator<Envelope<T>, void, undefined> {
    for (;;) {
      if (queue.length === 0 && ended) return;
      const next = unacked < inFlight ? queue.shift() : undefined;
      if (next === undefined) {
        await sleep(readers);
        continue;
      }
      unacked += 1;
      wake(senders);
      if (queue.length === 0) wake(drained);
      yield envelope({
        key: next.key,
        timeUs: next.timeUs,
        traceId: next.traceId,
        value: next.value,
        origin: next.origin,
        onAck() {
          unacked -= 1;
          next.ack();
          wake(readers);
        },
      });
    }
  }

  return {
    name,
    get waiting() {
      return queue.length;
    },
    get unacked() {
      return unacked;
    },
    sender: {
      send,
      async end() {
        ended = true;
        wake(senders);
        wake(readers);
        while (queue.length > 0) await sleep(drained);
      },
    },
    receiver: { [Symbol.asyncIterator]: receive },
  };
}

import type { KafkaMessage } from 'kafkajs';

import type { RecordCodec } from '../../codecs/index.js';
import { DeadpanError } from '../../errors/index.js';
import { envelope, type Envelope, type Origin } from '../envelope.js';
import { END_OF_STREAM, headerText, readHeaders } from './message-headers.js';
import { createOffsetLedger } from './offset-ledger.js';
import { createReplayFloor } from './replay-floor.js';

/** Where the reading of a partition begins. */
export interface PartitionStart {
  readonly partition: number;
  /** First offset that is not committed. */
  readonly committed: number;
  /** First offset to read; before `committed` where state is to be rebuilt. */
  readonly from: number;
}

/** What a partition's reader tells and asks. */
export interface PartitionReaderOptions<Out> {
  readonly topic: string;
  readonly codec: RecordCodec<never, Out>;
  readonly start: PartitionStart;
  /** Records read and not acked. */
  readonly inFlight: number;
  /** Compacted topics have holes of their own; in others a record that is missing was deleted before it was read. */
  readonly compacted: boolean;
  /** How much of each camera's time is replayed, in microseconds. */
  readonly replayUs: number;
  /** A mark of the end ends the partition instead of being passed over. */
  readonly untilEnd: boolean;
  /** Resolves once the message is put aside for good. */
  putAside(origin: Origin, error: Error): Promise<void>;
  /** A record was acked: there may be room, and something to commit. */
  onAck(): void;
  /** `ended` became true: whoever waits for all partitions to end may have waited for this one. */
  onEnd(): void;
  onRead(lag: number): void;
  onRepeat(): void;
  /** So many records were deleted before they were read. */
  onLost(records: number): void;
}

/** One assigned partition: what was fetched, what was handed out, what is acked. It dies with the assignment. */
export interface PartitionReader<Out> {
  readonly partition: number;
  /** Offset that is expected next from the broker. */
  readonly next: number;
  /** Messages fetched and not handed out. */
  readonly waiting: number;
  /** Records handed out and not acked. */
  readonly open: number;
  /** Offset to commit. */
  readonly committable: number;
  /** Offset from which a successor has to read to know the state at `committable`. */
  readonly replayFrom: number;
  /** The mark of the end was reached. */
  readonly ended: boolean;
  /** False once the partition belongs to somebody else: acks change nothing any more. */
  readonly alive: boolean;
  /** Messages come in, in order; those that came before are passed over. */
  add(messages: readonly KafkaMessage[], endOffset: number): void;
  /** The next record that may be handed out now. */
  take(): Envelope<Out> | undefined;
  revoke(): void;
  /** What waits is forgotten; what is out may still be acked. */
  discard(): void;
}

// A repeat comes soon after its record: from a send that was repeated, or a stage that was started again.
const REMEMBERED_IDS = 4096;
const IDLE_CAMERA_MS = 10 * 60_000;

/** Creates the reader of a partition that was just assigned. */
export function createPartitionReader<Out>(options: PartitionReaderOptions<Out>): PartitionReader<Out> {
  const { topic, codec, start, compacted, inFlight, replayUs, untilEnd } = options;
  const { partition } = start;
  const ledger = createOffsetLedger(start.committed);
  const floor = createReplayFloor(replayUs, IDLE_CAMERA_MS);
  const seen = new Set<string>();
  let queue: KafkaMessage[] = [];
  let head = 0;
  let next = start.from;
  let endOffset = start.from;
  let replayed = 0;
  let ended = false;
  let alive = true;

  function lost(records: number): void {
    if (!compacted && records > 0) options.onLost(records);
  }
  lost(start.from - start.committed);

  function settle(offset: number): void {
    if (!alive) return;
    if (offset < start.committed) replayed -= 1;
    else ledger.acked(offset);
    options.onAck();
  }

  function pop(): KafkaMessage | undefined {
    const message = queue[head];
    if (message === undefined) return undefined;
    head += 1;
    if (head === queue.length) {
      queue = [];
      head = 0;
    }
    return message;
  }

  /** Reads one message; undefined where it is passed over. */
  function read(message: KafkaMessage): Envelope<Out> | undefined {
    const offset = Number(message.offset);
    if (headerText(message.headers, END_OF_STREAM) !== undefined) {
      // Not committed: who starts again finds the end again.
      if (untilEnd) {
        ended = true;
        options.onEnd();
      } else passOver(offset);
      return undefined;
    }
    const replay = offset < start.committed;
    const origin = originOf(message, topic, partition, replay);
    options.onRead(endOffset - 1 - offset);
    if (replay) replayed += 1;
    else ledger.taken(offset);
    try {
      const { id, key, timeUs, traceId } = readHeaders(message.headers, codec.type);
      if (origin.value === null)
        throw new DeadpanError('E_RECORD_INVALID', `The record is no ${codec.type}: it has no value.`);
      const value = codec.decode(origin.value);
      floor.passed(key, timeUs, offset);
      if (repeated(id)) {
        options.onRepeat();
        settle(offset);
        return undefined;
      }
      let acked = false;
      const onAck = (): void => {
        if (acked) return;
        acked = true;
        settle(offset);
      };
      return envelope({ key, timeUs, traceId, origin, value, onAck });
    } catch (error) {
      // In the replay it was put aside already.
      if (replay) settle(offset);
      else void putAside(origin, offset, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  async function putAside(origin: Origin, offset: number, error: Error): Promise<void> {
    await options.putAside(origin, error);
    settle(offset);
  }

  function passOver(offset: number): void {
    if (offset < start.committed) return;
    ledger.taken(offset);
    ledger.acked(offset);
  }

  function repeated(id: string): boolean {
    if (seen.has(id)) return true;
    seen.add(id);
    if (seen.size > REMEMBERED_IDS) {
      const [oldest] = seen;
      if (oldest !== undefined) seen.delete(oldest);
    }
    return false;
  }

  return {
    partition,
    get next() {
      return next;
    },
    get waiting() {
      return queue.length - head;
    },
    get open() {
      return ledger.open + replayed;
    },
    get committable() {
      return ledger.committable;
    },
    get replayFrom() {
      return replayUs > 0 ? floor.before(ledger.committable) : ledger.committable;
    },
    get ended() {
      return ended;
    },
    get alive() {
      return alive;
    },
    add(messages, end) {
      endOffset = end;
      for (const message of messages) {
        const offset = Number(message.offset);
        if (offset < next) continue;
        lost(offset - Math.max(next, start.committed));
        queue.push(message);
        next = offset + 1;
      }
    },
    take() {
      while (alive && !ended && ledger.open + replayed < inFlight) {
        const message = pop();
        if (message === undefined) return undefined;
        const record = read(message);
        if (record !== undefined) return record;
      }
      return undefined;
    },
    revoke() {
      alive = false;
      queue = [];
      head = 0;
    },
    discard() {
      queue = [];
      head = 0;
    },
  };
}

/** Copies what outlives the batch: key and value of kafkajs look into the whole fetch and would keep it in memory. */
function originOf(message: KafkaMessage, topic: string, partition: number, replay: boolean): Origin {
  const { key, value, offset, headers = {} } = message;
  return {
    topic,
    partition,
    offset,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers,
    replay,
  };
}

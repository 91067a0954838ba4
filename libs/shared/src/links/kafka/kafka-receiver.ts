import type { Consumer, EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';

import type { RecordCodec } from '../../codecs/index.js';
import { DeadpanError } from '../../errors/index.js';
import type { Envelope, Origin } from '../envelope.js';
import type { Receiver } from '../link.js';
import type { DeadLetters } from './dead-letters.js';
import { rebalanceTimeoutMs, type KafkaClient } from './kafka-client.js';
import { createGroupExit } from './group-exit.js';
import { refusal } from './kafka-error.js';
import { silentObserver, type KafkaObserver } from './kafka-observer.js';
import { createPartitionReader, type PartitionReader } from './partition-reader.js';
import { findCommitted, findPartitionStart, replayMetadata } from './partition-start.js';
import type { TopicLayout } from './topics.js';

/** Options of {@link createKafkaReceiver}. */
export interface KafkaReceiverOptions<Out> {
  readonly client: KafkaClient;
  readonly topic: TopicLayout;
  /** Consumer group, without the configured prefix: replicas of one program share the partitions by it. */
  readonly group: string;
  readonly codec: RecordCodec<never, Out>;
  /** Takes the messages that cannot be read. */
  readonly deadLetters: Pick<DeadLetters, 'put'>;
  /** How much of each camera's time is read again, marked as replay, when a partition is assigned, in seconds. Default 0. */
  readonly replaySeconds?: number;
  /** Records of one partition that may be read and not yet acked. Default: `kafka.inFlight`. */
  readonly inFlight?: number;
  /**
   * Where the group has committed nothing yet: begin with what the broker got at or after this time, in milliseconds
   * since 1970. Default: with all there is.
   */
  readonly beginMs?: number;
  /** End at the mark that a sender with `markEnd` left, instead of going on for ever. Default false. */
  readonly untilEnd?: boolean;
  readonly observer?: KafkaObserver;
}

/** The records of one partition while it is assigned to this process. */
export interface Assignment<Out> {
  readonly partition: number;
  readonly records: Receiver<Out>;
  /** False once what comes of its records must not be sent any more: somebody else works on them. */
  readonly valid: boolean;
}

/** The receiving end of a Kafka link. Reading begins with the first iteration. */
export interface KafkaReceiver<Out> extends Receiver<Out> {
  /** Instead of iterating over all records: one receiver per assigned partition, for stages with memory. */
  assignments(): AsyncIterable<Assignment<Out>>;
  /** Joins the group; resolves when partitions are assigned. Iterating does it too. */
  start(): Promise<void>;
  /** Partitions that are assigned now. */
  readonly partitions: readonly number[];
  /** Hands out nothing more: iterations end once what is out is acked, or after `graceMs` (default 5 s). */
  stop(graceMs?: number): Promise<void>;
  /** Commits what is acked, leaves the group and disconnects. */
  close(): Promise<void>;
}

const COMMIT_EVERY_MS = 250;
const FETCH_WAIT_MS = 100;
const FETCH_PARTITION_BYTES = 1024 * 1024;
const GRACE_MS = 5000;
const UNFOUND_AT_MOST = 3;

/**
 * Reads a topic as a member of a consumer group. A record's offset is committed once it and all before it in its
 * partition are acked. A partition whose records wait is paused, so that heartbeats never wait for a slow stage.
 */
export function createKafkaReceiver<Out>(options: KafkaReceiverOptions<Out>): KafkaReceiver<Out> {
  const { client, codec, replaySeconds = 0, untilEnd = false, observer = silentObserver } = options;
  const { sessionTimeout } = client.config;
  const { inFlight = client.config.inFlight, beginMs } = options;
  const topic = client.named(options.topic.name);
  const group = client.named(options.group);
  const replayUs = replaySeconds * 1e6;

  const exit = createGroupExit();
  const consumer: Consumer = client.kafka.consumer({
    groupId: group,
    partitionAssigners: [exit.assigner],
    retry: { restartOnFailure: leaveBeforeRestart },
    sessionTimeout: sessionTimeout * 1000,
    heartbeatInterval: (sessionTimeout * 1000) / 6,
    rebalanceTimeout: rebalanceTimeoutMs,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: FETCH_PARTITION_BYTES,
    allowAutoTopicCreation: false,
  });
  const admin = client.kafka.admin();

  const readers = new Map<number, PartitionReader<Out>>();
  const committed = new Map<number, number>();
  let committedBefore: Awaited<ReturnType<typeof findCommitted>> = new Map();
  const paused = new Set<number>();
  const letters = new Set<Promise<void>>();
  let assigned: readonly number[] = [];
  let memberId: string | undefined;
  /** Between a crash and its restart kafkajs has no group, and throws where it is asked to pause or resume. */
  let inGroup = false;
  let joins = 0;
  let commit: ((offsets: OffsetsByTopicPartition) => Promise<void>) | undefined;
  let committing: Promise<void> = Promise.resolve();
  let failure: DeadpanError | undefined;
  let starting: Promise<void> | undefined;
  let stopping = false;
  let stopped = false;
  let closed = false;
  let sleepers: (() => void)[] = [];
  let ticker: NodeJS.Timeout | undefined;
  let restart: NodeJS.Timeout | undefined;
  let unfound = 0;

  function wake(): void {
    const woken = sleepers;
    sleepers = [];
    for (const resume of woken) resume();
  }
  const sleep = (): Promise<void> =>
    new Promise((resume) => {
      sleepers.push(resume);
    });

  function fail(error: DeadpanError): void {
    failure ??= error;
    wake();
  }

  /** A partition of which enough waits is not fetched; it goes on when half of that is left. */
  function regulate(reader: PartitionReader<Out>): void {
    const { partition } = reader;
    if (!inGroup || !reader.alive || !assigned.includes(partition)) return;
    const at = [{ topic, partitions: [partition] }];
    if (!paused.has(partition) && reader.waiting >= inFlight) {
      paused.add(partition);
      consumer.pause(at);
    } else if (paused.has(partition) && reader.waiting <= inFlight / 2) {
      paused.delete(partition);
      consumer.resume(at);
    }
  }

  async function onBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    commit = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    const { partition } = batch;
    const first = batch.messages[0];
    if (first === undefined || !payload.isRunning() || payload.isStale()) return;
    let reader = readers.get(partition);
    if (reader === undefined) {
      const generation = joins;
      const start = await findPartitionStart(admin, {
        ...{ topic, group, partition, beginMs, known: committedBefore.get(partition)?.offset },
        first: Number(first.offset),
      });
      // The group met anew meanwhile: whoever has the partition now begins for itself.
      if (generation !== joins) return;
      reader = open(start);
      if (start.from !== Number(first.offset)) {
        consumer.seek({ topic, partition, offset: String(start.from) });
        return;
      }
    }
    reader.add(batch.messages, Number(batch.highWatermark));
    payload.resolveOffset(batch.lastOffset());
    regulate(reader);
    wake();
    await payload.heartbeat();
  }

  /** Resolves once the message is put aside; never where that fails, for its offset must not be committed then. */
  async function putAside(origin: Origin, error: Error): Promise<void> {
    const put = options.deadLetters.put({ stage: options.group, reason: 'unreadable', error, origin });
    letters.add(put);
    try {
      await put;
    } catch (cause) {
      fail(new DeadpanError('E_LINK', 'A message could not be put aside.', { cause }));
      await new Promise<never>(() => undefined);
    } finally {
      letters.delete(put);
    }
  }

  function open(start: { partition: number; committed: number; from: number }): PartitionReader<Out> {
    const { partition } = start;
    const reader = createPartitionReader<Out>({
      topic,
      codec,
      start,
      compacted: options.topic.compacted,
      inFlight,
      replayUs,
      untilEnd,
      putAside,
      onAck: wake,
      onEnd: wake,
      onRead: (lag) => {
        observer.read(topic, partition, lag);
      },
      onRepeat: () => {
        observer.repeated(topic);
      },
      onLost: (records) => {
        observer.lost(topic, records);
        client.logger.error(
          { topic, group, partition, records },
          'Records were deleted before they were read: this group was away or behind for longer than the topic keeps them.',
        );
      },
    });
    readers.set(partition, reader);
    committed.set(partition, start.committed);
    return reader;
  }

  function onJoin(member: string, partitions: readonly number[]): void {
    joins += 1;
    // A new member id: this one was thought dead, and its partitions may have been with somebody else meanwhile.
    const continuous = member === memberId;
    memberId = member;
    for (const [partition, reader] of readers) {
      if (continuous && partitions.includes(partition)) {
        // kafkajs begins again at the committed offset; what is here already need not be fetched again.
        consumer.seek({ topic, partition, offset: String(reader.next) });
      } else {
        reader.revoke();
        readers.delete(partition);
        committed.delete(partition);
      }
    }
    assigned = partitions;
    // A pause survives in kafkajs and would stall a partition in silence: all go on, then what is full pauses anew.
    paused.clear();
    if (partitions.length > 0) consumer.resume([{ topic, partitions: [...partitions] }]);
    for (const reader of readers.values()) regulate(reader);
    observer.joined(topic, partitions.length);
    client.logger.info({ topic, group, partitions }, 'Partitions are assigned.');
    wake();
  }

  /** Called when kafkajs gave up on the broker; it begins again, as a new member, once this resolves with true. */
  async function leaveBeforeRestart(): Promise<boolean> {
    observer.crashed(topic);
    if (memberId !== undefined && (await exit.leave(group, memberId, () => closed))) {
      // Others may have the partitions from now on.
      for (const reader of readers.values()) reader.revoke();
      readers.clear();
      committed.clear();
      assigned = [];
      memberId = undefined;
      wake();
    }
    return !closed;
  }

  /** Commits what is acked. A failure is not lost: the same offsets are due again, and heartbeats fail alike. */
  function commitAcked(): Promise<void> {
    committing = committing.then(async () => {
      const due = [...readers.values()].filter(
        ({ partition, committable }) => committable > (committed.get(partition) ?? Number.POSITIVE_INFINITY),
      );
      if (due.length === 0 || commit === undefined) return;
      const offsets = due.map((reader) => ({ reader, offset: reader.committable }));
      try {
        await commit({
          topics: [
            {
              topic,
              partitions: offsets.map(({ reader, offset }) => ({
                partition: reader.partition,
                offset: String(offset),
                metadata: replayMetadata(reader.replayFrom),
              })),
            },
          ],
        });
        for (const { reader, offset } of offsets)
          if (readers.get(reader.partition) === reader) committed.set(reader.partition, offset);
      } catch (error) {
        client.logger.debug({ topic, group, error: String(error) }, 'A commit failed and is tried again.');
      }
    });
    return committing;
  }

  const run = (): Promise<void> =>
    consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: onBatch,
    });

  async function connect(): Promise<void> {
    const { GROUP_JOIN, CRASH, REBALANCING, STOP } = consumer.events;
    consumer.on(STOP, () => {
      inGroup = false;
    });
    const joined = new Promise<void>((resolve) => {
      consumer.on(GROUP_JOIN, ({ payload }) => {
        unfound = 0;
        inGroup = true;
        onJoin(payload.memberId, payload.memberAssignment[topic] ?? []);
        resolve();
      });
    });
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(CRASH, ({ payload }) => {
        if (payload.restart || closed) return;
        // kafkajs says this for a broker that is away and for a group that this user may not use, and ends for both.
        if (payload.error.name === 'KafkaJSGroupCoordinatorNotFound' && unfound < UNFOUND_AT_MOST) {
          unfound += 1;
          restart = setTimeout(() => void run(), 1000 * unfound);
          return;
        }
        const error =
          refusal(payload.error, `read ${topic} as ${group}`) ??
          new DeadpanError('E_LINK', `The consumer of ${topic} ended.`, { cause: payload.error });
        fail(error);
        reject(error);
      });
    });
    // It is reported by every iteration as well.
    crashed.catch(() => undefined);
    consumer.on(REBALANCING, () => void commitAcked());
    await admin.connect();
    await consumer.connect();
    // Only to tell what is lost: a group that cannot be asked yet, on a broker that has just begun, has no commits to lose.
    committedBefore = await findCommitted(admin, topic, group).catch(() => new Map());
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await run();
    ticker = setInterval(() => void commitAcked(), COMMIT_EVERY_MS);
    await Promise.race([joined, crashed]);
  }

  function start(): Promise<void> {
    starting ??= connect().catch((cause: unknown) => {
      const error =
        cause instanceof DeadpanError
          ? cause
          : (refusal(cause, `read ${topic} as ${group}`) ??
            new DeadpanError('E_LINK', `Reading ${topic} could not begin.`, { cause }));
      fail(error);
      throw error;
    });
    return starting;
  }

  const finished = (): boolean =>
    stopped ||
    (untilEnd &&
      assigned.length > 0 &&
      assigned.every((partition) => readers.get(partition)?.ended === true));

  let turn = 0;
  /** The next record of any partition; partitions take turns. */
  function takeAny(): Envelope<Out> | undefined {
    if (stopping) return undefined;
    const all = [...readers.values()];
    for (let i = 0; i < all.length; i += 1) {
      const reader = all[(turn + i) % all.length];
      const record = reader?.take();
      if (reader !== undefined) regulate(reader);
      if (record !== undefined) {
        turn = (turn + i + 1) % all.length;
        return record;
      }
    }
    return undefined;
  }

  async function* iterate(
    take: () => Envelope<Out> | undefined,
    ends: () => boolean,
  ): AsyncGenerator<Envelope<Out>, void, undefined> {
    await start();
    for (;;) {
      if (failure !== undefined) throw failure;
      const record = take();
      if (record !== undefined) yield record;
      else if (ends()) return;
      else await sleep();
    }
  }

  async function* assignments(): AsyncGenerator<Assignment<Out>, void, undefined> {
    await start();
    const given = new Set<PartitionReader<Out>>();
    for (;;) {
      if (failure !== undefined) throw failure;
      for (const gone of given) if (!gone.alive) given.delete(gone);
      const reader = [...readers.values()].find((one) => !given.has(one));
      if (reader !== undefined) {
        given.add(reader);
        yield assignmentOf(reader);
      } else if (finished()) return;
      else await sleep();
    }
  }

  function assignmentOf(reader: PartitionReader<Out>): Assignment<Out> {
    const take = (): Envelope<Out> | undefined => {
      const record = stopping ? undefined : reader.take();
      regulate(reader);
      return record;
    };
    const ends = (): boolean => stopped || !reader.alive || reader.ended;
    return {
      partition: reader.partition,
      records: { [Symbol.asyncIterator]: () => iterate(take, ends) },
      get valid() {
        return reader.alive && !stopped;
      },
    };
  }

  async function stop(graceMs = GRACE_MS): Promise<void> {
    if (stopped) return;
    stopping = true;
    for (const reader of readers.values()) reader.discard();
    const grace = { over: graceMs <= 0 };
    const timer = setTimeout(() => {
      grace.over = true;
      wake();
    }, graceMs);
    while (!grace.over && [...readers.values()].some(({ open }) => open > 0)) await sleep();
    clearTimeout(timer);
    stopped = true;
    wake();
  }

  return {
    [Symbol.asyncIterator]: () => iterate(takeAny, finished),
    assignments,
    start,
    get partitions() {
      return assigned;
    },
    stop,
    async close() {
      if (closed) return;
      await stop(0);
      closed = true;
      clearInterval(ticker);
      clearTimeout(restart);
      await Promise.allSettled(letters);
      await commitAcked();
      await consumer.disconnect();
      await admin.disconnect();
    },
  };
}

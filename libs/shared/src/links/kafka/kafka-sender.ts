import type { Message } from 'kafkajs';

import type { RecordCodec } from '../../codecs/index.js';
import { DeadpanError } from '../../errors/index.js';
import type { DeadLetterSink } from '../../runtime/index.js';
import type { Envelope } from '../envelope.js';
import type { Sender } from '../link.js';
import type { KafkaClient } from './kafka-client.js';
import { silentObserver, type KafkaObserver } from './kafka-observer.js';
import { END_OF_STREAM, writeHeaders } from './message-headers.js';
import { createSafeProducer } from './safe-producer.js';
import type { TopicLayout } from './topics.js';
import { withAdmin } from './with-admin.js';

/** Options of {@link createKafkaSender}. */
export interface KafkaSenderOptions<T> {
  readonly client: KafkaClient;
  readonly topic: TopicLayout;
  readonly codec: RecordCodec<T, unknown>;
  /** Which program writes, for `ce_source`: `/deadpan/align`. */
  readonly source: string;
  /** Takes the records that are larger than the topic allows. */
  readonly deadLetters: DeadLetterSink;
  /** Bytes that may wait for the broker before `send` waits. Default 8 MiB. */
  readonly queueBytes?: number;
  /** At `end`, tell every partition that nothing follows: readers with `untilEnd` end there. Default false. */
  readonly markEnd?: boolean;
  readonly observer?: KafkaObserver;
}

/** The sending end of a Kafka link. */
export interface KafkaSender<T> extends Sender<T> {
  /** Records that wait for the broker. */
  readonly waiting: number;
  /** From now on records are taken and forgotten, never acked: their source is read again by somebody else. */
  abandon(): void;
}

interface Waiting {
  readonly envelope: Envelope<unknown>;
  readonly message: Message;
  readonly bytes: number;
}

// One send makes one batch per partition, and the broker's limit (1 MiB by default) holds for the batch: even if all
// records of a send fall into one partition they stay below it.
const SEND_BYTES = 900_000;
// Framing of one record and its batch, with room to spare.
const FRAMING = 256;

/**
 * Sends records in the order given and acks each once all in-sync replicas have it, one send at a time. While the
 * broker is away records wait, up to `queueBytes`, then senders do.
 */
export function createKafkaSender<T>(options: KafkaSenderOptions<T>): KafkaSender<T> {
  const { client, codec, source, deadLetters } = options;
  const { queueBytes = 8 * 1024 * 1024, markEnd = false, observer = silentObserver } = options;
  const topic = client.named(options.topic.name);
  const largest = options.topic.maxMessageBytes - FRAMING;
  const producer = createSafeProducer(client, topic, () => {
    observer.sendFailed(topic);
  });

  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let pumping: Promise<void> | undefined;
  let ended = false;
  let abandoned = false;
  let failure: DeadpanError | undefined;
  let sleepers: (() => void)[] = [];

  function wake(): void {
    const woken = sleepers;
    sleepers = [];
    for (const resume of woken) resume();
  }

  // A function, for both change while a sender waits, which the flow analysis does not see.
  const isAbandoned = (): boolean => abandoned;

  function assertOpen(): void {
    if (failure !== undefined) throw failure;
    if (ended) throw new DeadpanError('E_LINK', `The link to ${topic} takes no more records: it has ended.`);
  }

  async function send(record: Envelope<T>): Promise<void> {
    assertOpen();
    if (abandoned) return;
    // What comes of a replayed record is in the log already.
    if (record.origin?.replay === true) {
      record.ack();
      return;
    }
    const value = Buffer.from(codec.encode(record.value));
    const message = messageOf(record, value);
    const bytes = sizeOf(message, value);
    if (bytes > largest) {
      await putAside(record, bytes);
      return;
    }
    while (queuedBytes > 0 && queuedBytes + bytes > queueBytes) {
      await new Promise<void>((resume) => sleepers.push(resume));
      assertOpen();
      if (isAbandoned()) return;
    }
    queue.push({ envelope: record, bytes, message });
    queuedBytes += bytes;
    pumping ??= pump();
  }

  function messageOf({ key, timeUs, traceId, value: record }: Envelope<T>, value: Buffer): Message {
    const { type, contentType } = codec;
    const headers = writeHeaders({ id: codec.id(record), type, contentType, source, key, timeUs, traceId });
    return { key: codec.key(record), value, headers };
  }

  async function pump(): Promise<void> {
    // Records that arrive within one turn of the event loop share a send.
    await new Promise(setImmediate);
    while (queue.length > 0 && failure === undefined && !abandoned) {
      const batch = takeBatch();
      try {
        await deliver(batch);
      } catch (error) {
        failure = error instanceof DeadpanError ? error : lost(topic, error);
      }
      queuedBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
      wake();
    }
    // At once: whoever was just woken runs before a `finally` would, and has to find that nobody pumps.
    pumping = undefined;
  }

  function takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of queue) {
      if (count > 0 && bytes + waiting.bytes > SEND_BYTES) break;
      bytes += waiting.bytes;
      count += 1;
    }
    return queue.splice(0, count);
  }

  async function deliver(batch: readonly Waiting[]): Promise<void> {
    const result = await producer.send(batch.map(({ message }) => message));
    if (result === 'sent') {
      observer.sent(topic, batch.length);
      for (const { envelope } of batch) envelope.ack();
    } else if (result === 'too-large') {
      // The topic allows less than its layout says: the culprit is found one by one.
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) await putAside(only.envelope, only.bytes);
      else for (const one of batch) await deliver([one]);
    }
  }

  async function putAside(record: Envelope<unknown>, bytes: number): Promise<void> {
    const what = `A record of ${bytes} bytes is larger than ${topic} allows.`;
    const error = new DeadpanError('E_RECORD_INVALID', what);
    await deadLetters({ stage: source, reason: 'too-large', error, record });
    record.ack();
  }

  return {
    get waiting() {
      return queue.length;
    },
    send,
    async end() {
      ended = true;
      while (pumping !== undefined) await pumping;
      try {
        // Set by the pump, which the flow analysis does not see.
        const failed = failure;
        if (failed !== undefined) throw failed;
        if (markEnd && !abandoned) await producer.send(await endMarks(client, topic));
      } finally {
        await producer.disconnect();
      }
    },
    abandon() {
      abandoned = true;
      queue = [];
      producer.cancel();
      wake();
    },
  };
}

function sizeOf({ key, headers = {} }: Message, value: Buffer): number {
  const texts = [String(key), ...Object.entries(headers).flatMap(([name, text]) => [name, String(text)])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 8, value.length + FRAMING);
}

async function endMarks(client: KafkaClient, topic: string): Promise<Message[]> {
  const metadata = await withAdmin(client, `read the layout of ${topic}`, (admin) =>
    admin.fetchTopicMetadata({ topics: [topic] }),
  );
  return (metadata.topics[0]?.partitions ?? []).map(({ partitionId: partition }) => ({
    partition,
    key: END_OF_STREAM,
    value: null,
    headers: { [END_OF_STREAM]: '1' },
  }));
}

const lost = (topic: string, cause: unknown): DeadpanError =>
  new DeadpanError('E_LINK', `The link to ${topic} is lost.`, { cause });

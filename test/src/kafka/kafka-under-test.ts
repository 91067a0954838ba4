import type { RecordCodec } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';
import {
  applyTopics,
  createDeadLetters,
  createKafkaClient,
  kafkaConfig,
  TOPICS,
  type DeadLetters,
  type KafkaClient,
  type TopicLayout,
} from '@deadpan/shared/kafka';

import type { Broker } from '../../../infra/kafka/broker.mjs';

let count = 0;

/** A client with topic names of its own, so that tests share a broker and nothing else. Two partitions unless told. */
export function clientOf(broker: Broker, settings: Record<string, unknown> = {}): KafkaClient {
  count += 1;
  const config = kafkaConfig.parse({
    brokers: broker.brokers,
    topicPrefix: `test-${process.pid}-${count}.`,
    partitions: 2,
    sessionTimeout: 6,
    ...settings,
  });
  return createKafkaClient(
    config,
    createLogger({ level: process.env['KAFKA_TEST_LOG'] === undefined ? 'silent' : 'debug', name: 'test' }),
  );
}

/** A topic for texts. */
export const TEXTS: TopicLayout = {
  name: 'texts',
  about: 'texts',
  retentionMs: 600_000,
  compacted: false,
  maxMessageBytes: 1024 * 1024,
  public: false,
};

/** Texts `key:number[:payload]` as records; key and number are the id. */
export const textCodec: RecordCodec<string> = {
  type: 'deadpan.text.v1',
  contentType: 'application/octet-stream',
  encode: (text) => Buffer.from(text),
  decode(bytes) {
    const text = Buffer.from(bytes).toString();
    if (text.startsWith('poison')) throw new Error('poison');
    return text;
  },
  id: (text) => text.split(':', 2).join(':'),
  key: (text) => text.split(':')[0] ?? '',
};

/** Creates the topic for texts and the one for dead letters. */
export async function prepared(client: KafkaClient, topic = TEXTS): Promise<DeadLetters> {
  await applyTopics(client, [topic, TOPICS.deadLetter]);
  return createDeadLetters(client);
}

/** A message as plain values. */
export interface ReadMessage {
  readonly partition: number;
  readonly offset: number;
  /** When the broker got it, milliseconds since 1970. */
  readonly appendedMs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that lies in a topic now, read by a kafkajs consumer of its own. */
export async function readAll(client: KafkaClient, topic: string): Promise<ReadMessage[]> {
  const name = client.named(topic);
  const admin = client.kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(name);
  await admin.disconnect();
  const open = new Map(
    ends.filter(({ high, low }) => high !== low).map(({ partition, high }) => [partition, Number(high)]),
  );
  const messages: ReadMessage[] = [];
  if (open.size === 0) return messages;
  count += 1;
  const consumer = client.kafka.consumer({
    groupId: client.named(`read-all-${count}`),
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [name], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        eachMessage({ partition, message }) {
          messages.push({
            partition,
            offset: Number(message.offset),
            appendedMs: Number(message.timestamp),
            key: message.key?.toString() ?? null,
            value: message.value,
            headers: Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([header, value]) => [header, String(value)]),
            ),
          });
          if (Number(message.offset) + 1 >= (open.get(partition) ?? 0)) open.delete(partition);
          if (open.size === 0) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return messages;
}

/** Offset that a group has committed for each partition; -1 where there is none. */
export async function committedOffsets(client: KafkaClient, group: string, topic: string): Promise<number[]> {
  const admin = client.kafka.admin();
  await admin.connect();
  const [found] = await admin.fetchOffsets({ groupId: client.named(group), topics: [client.named(topic)] });
  await admin.disconnect();
  return (found?.partitions ?? [])
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ offset }) => Number(offset));
}

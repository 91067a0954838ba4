import { Counter, Gauge, type Registry } from 'prom-client';

/** Told of what senders and receivers do, by topic. */
export interface KafkaObserver {
  /** Records that the broker has acknowledged. */
  sent(topic: string, records: number): void;
  /** A send failed and is tried again by a new producer. */
  sendFailed(topic: string): void;
  /** A record was read, and how far the partition's end was then. */
  read(topic: string, partition: number, lag: number): void;
  /** A record that was read before was recognised by its id and passed over. */
  repeated(topic: string): void;
  /** Records were deleted before they were read. */
  lost(topic: string, records: number): void;
  /** A message was put aside. */
  putAside(topic: string, reason: string): void;
  /** The broker did not answer a reader, which tries again. */
  crashed(topic: string): void;
  /** The group has met anew. */
  joined(topic: string, partitions: number): void;
}

/** Tells nobody. */
export const silentObserver: KafkaObserver = {
  sent: () => undefined,
  sendFailed: () => undefined,
  read: () => undefined,
  repeated: () => undefined,
  lost: () => undefined,
  putAside: () => undefined,
  crashed: () => undefined,
  joined: () => undefined,
};

/** An observer that keeps Prometheus metrics, in the grammar of stage-metrics.ts. */
export function createKafkaMetrics(registry: Registry): KafkaObserver {
  const registers = [registry];
  const sent = new Counter({
    name: 'deadpan_kafka_sent_total',
    help: 'Records that the broker has acknowledged.',
    labelNames: ['topic'],
    registers,
  });
  const failed = new Counter({
    name: 'deadpan_kafka_send_failures_total',
    help: 'Sends that failed and were tried again.',
    labelNames: ['topic'],
    registers,
  });
  const read = new Counter({
    name: 'deadpan_kafka_read_total',
    help: 'Records that were read.',
    labelNames: ['topic'],
    registers,
  });
  const lag = new Gauge({
    name: 'deadpan_kafka_lag_records',
    help: 'Records of a partition that wait behind the last one read.',
    labelNames: ['topic', 'partition'],
    registers,
  });
  const repeated = new Counter({
    name: 'deadpan_kafka_repeats_total',
    help: 'Records that were recognised as repeats and passed over.',
    labelNames: ['topic'],
    registers,
  });
  const lost = new Counter({
    name: 'deadpan_kafka_lost_total',
    help: 'Records that the broker deleted by age before they were read.',
    labelNames: ['topic'],
    registers,
  });
  const aside = new Counter({
    name: 'deadpan_kafka_dead_letters_total',
    help: 'Messages that were put aside, by reason.',
    labelNames: ['topic', 'reason'],
    registers,
  });
  const joins = new Counter({
    name: 'deadpan_kafka_rebalances_total',
    help: 'Times that the consumer group met anew.',
    labelNames: ['topic'],
    registers,
  });
  const partitions = new Gauge({
    name: 'deadpan_kafka_assigned_partitions',
    help: 'Partitions that this process reads.',
    labelNames: ['topic'],
    registers,
  });
  const lagging = new Map<string, Set<number>>();
  return {
    sent: (topic, records) => {
      sent.inc({ topic }, records);
    },
    sendFailed: (topic) => {
      failed.inc({ topic });
    },
    read: (topic, partition, behind) => {
      read.inc({ topic });
      lag.set({ topic, partition }, behind);
      const partitionsOf = lagging.get(topic) ?? new Set();
      lagging.set(topic, partitionsOf.add(partition));
    },
    repeated: (topic) => {
      repeated.inc({ topic });
    },
    lost: (topic, records) => {
      lost.inc({ topic }, records);
    },
    putAside: (topic, reason) => {
      aside.inc({ topic, reason });
    },
    crashed: () => undefined,
    joined: (topic, count) => {
      joins.inc({ topic });
      partitions.set({ topic }, count);
      // Partitions that went to another replica must not keep their last lag here.
      for (const partition of lagging.get(topic) ?? []) lag.remove({ topic, partition });
      lagging.delete(topic);
    },
  };
}

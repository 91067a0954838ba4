import type { KafkaClient, TopicLayout } from '@deadpan/shared/kafka';

/** A consumer group and what it reads, by the names without prefix. */
export interface WatchedGroup {
  readonly group: string;
  readonly topic: TopicLayout;
}

/** For how long a partition had waiting records of which none was committed, at most. */
export interface LongestWait {
  readonly group: string;
  readonly partition: number;
  readonly seconds: number;
}

const LOOK_EVERY_MS = 200;

/**
 * Watches what groups commit: a partition without an owner, or whose owner does nothing, is one where records wait and no
 * commit advances. The function that is returned ends it and gives the longest wait of each group.
 */
export async function watchPartitions(
  client: KafkaClient,
  groups: readonly WatchedGroup[],
): Promise<() => Promise<LongestWait[]>> {
  const admin = client.kafka.admin();
  await admin.connect();
  const longest = new Map<string, LongestWait>();
  const states = new Map<string, { committed: number; since: number }>();
  const watch = { ended: false };

  async function look({ group, topic }: WatchedGroup): Promise<void> {
    const [ends, [found]] = await Promise.all([
      admin.fetchTopicOffsets(client.named(topic.name)),
      admin.fetchOffsets({ groupId: client.named(group), topics: [client.named(topic.name)] }),
    ]);
    const now = performance.now();
    for (const { partition, low, high } of ends) {
      const offset = found?.partitions.find((one) => one.partition === partition)?.offset ?? low;
      const committed = Math.max(Number(offset), Number(low));
      const key = `${group}/${partition}`;
      const before = states.get(key);
      if (before === undefined || committed > before.committed || committed >= Number(high)) {
        states.set(key, { committed, since: now });
        continue;
      }
      const seconds = (now - before.since) / 1000;
      if (seconds > (longest.get(group)?.seconds ?? 0)) longest.set(group, { group, partition, seconds });
    }
  }

  const watching = (async () => {
    while (!watch.ended) {
      await Promise.all(groups.map(look));
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  })();
  return async () => {
    watch.ended = true;
    await watching;
    await admin.disconnect();
    return groups.map(({ group }) => longest.get(group) ?? { group, partition: -1, seconds: 0 });
  };
}

import type { Admin } from 'kafkajs';

import type { PartitionStart } from './partition-reader.js';

/** Which partition is about to be read, and what the broker gave first. */
export interface PartitionQuestion {
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  /** Offset of the first message that was fetched after the assignment. */
  readonly first: number;
}

const REPLAY = /^replay=(\d+)$/;

/** The committed offset's metadata: from where a successor reads to rebuild its state. */
export function replayMetadata(offset: number): string {
  return `replay=${offset}`;
}

/** Where to begin: as far back as the last commit says, and not before what retention has left. */
export async function findPartitionStart(
  admin: Admin,
  { topic, group, partition, first }: PartitionQuestion,
): Promise<PartitionStart> {
  const [fetched] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const commit = fetched?.partitions.find((one) => one.partition === partition);
  const committed = Number(commit?.offset ?? -1);
  const replay = REPLAY.exec(commit?.metadata ?? '')?.[1];
  if (committed < 0 || replay === undefined) return { partition, committed: first, from: first };
  const ends = await admin.fetchTopicOffsets(topic);
  const low = Number(ends.find((one) => one.partition === partition)?.low ?? committed);
  return { partition, committed, from: Math.min(first, Math.max(low, Number(replay))) };
}

import type { Admin } from 'kafkajs';

import type { PartitionStart } from './partition-reader.js';

/** Which partition is about to be read, and what the broker gave first. */
export interface PartitionQuestion {
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  /** Offset of the first message that was fetched after the assignment. */
  readonly first: number;
  /** What was committed before this process joined; undefined for nothing. */
  readonly known: number | undefined;
  /** Where nothing is committed: when the broker got the first record to read; undefined for all there is. */
  readonly beginMs: number | undefined;
}

const REPLAY = /^replay=(\d+)$/;

/** The committed offset's metadata: from where a successor reads to rebuild its state. */
export function replayMetadata(offset: number): string {
  return `replay=${offset}`;
}

/** What a group has committed, by partition. */
export async function findCommitted(
  admin: Admin,
  topic: string,
  group: string,
): Promise<ReadonlyMap<number, { readonly offset: number; readonly metadata: string }>> {
  const [fetched] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const commits = (fetched?.partitions ?? []).map(
    ({ partition, offset, metadata }) =>
      [partition, { offset: Number(offset), metadata: metadata ?? '' }] as const,
  );
  return new Map(commits.filter(([, { offset }]) => offset >= 0));
}

/**
 * Where to begin: as far back as the last commit says, and not before what retention has left; without a commit, at
 * the time that was asked for.
 */
export async function findPartitionStart(
  admin: Admin,
  { topic, group, partition, first, known, beginMs }: PartitionQuestion,
): Promise<PartitionStart> {
  const commit = (await findCommitted(admin, topic, group)).get(partition);
  // Where what was committed is deleted, kafkajs has taken the commit back by now and begins with what is left.
  const committed = commit?.offset ?? known;
  const replay = REPLAY.exec(commit?.metadata ?? '')?.[1];
  if (committed === undefined && beginMs !== undefined) {
    const times = await admin.fetchTopicOffsetsByTimestamp(topic, beginMs);
    const from = Math.max(first, Number(times.find((one) => one.partition === partition)?.offset ?? first));
    return { partition, committed: from, from };
  }
  if (committed === undefined) return { partition, committed: first, from: first };
  if (replay === undefined) return { partition, committed: Math.min(first, committed), from: first };
  const ends = await admin.fetchTopicOffsets(topic);
  const low = Number(ends.find((one) => one.partition === partition)?.low ?? committed);
  return { partition, committed, from: Math.min(first, Math.max(low, Number(replay))) };
}

import { DeadpanError } from '../../errors/index.js';
import type { Sender } from '../link.js';
import type { KafkaClient } from './kafka-client.js';
import { findCommitted } from './partition-start.js';
import type { TopicLayout } from './topics.js';
import { withAdmin } from './with-admin.js';

/** Options of {@link pacedSender}. */
export interface PacedSenderOptions<T> {
  readonly client: KafkaClient;
  readonly sender: Sender<T>;
  /** Where it sends to. */
  readonly topic: TopicLayout;
  /** Consumer group whose commits count, without the configured prefix. */
  readonly group: string;
  /** About how many records the topic may have that the group has not committed. */
  readonly ahead: number;
  /** Ends the waiting: from then on records pass. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 500;
// kafkajs says the same of a group that this user may not see and of a broker that has just begun and knows no group yet.
const REFUSED_AT_MOST = 10;

/**
 * A sender that waits for the readers of its topic: a file is read much faster than it is worked on, and what lies in the
 * topic for longer than its retention is lost. Where that has happened it waits until the group has a reader again.
 * Its `send` rejects with E_BROKER_REFUSED where the broker does not tell this user how far the group is.
 */
export function pacedSender<T>(options: PacedSenderOptions<T>): Sender<T> {
  const { client, sender, ahead, signal } = options;
  const topic = client.named(options.topic.name);
  const group = client.named(options.group);
  /** No less than the true lag; not known before the first look. */
  let behind = Infinity;
  /** Records in the topic before the first of this sender. */
  let before: number | undefined;
  /** First offset of each partition at the first look. */
  let firstLows: ReadonlyMap<number, number> | undefined;
  /** Records of this sender, of which some may still be under way. */
  let sent = 0;
  let waiting: Promise<void> | undefined;

  const look = (): Promise<{ written: number; read: number; isAlone: boolean }> =>
    withAdmin(client, `read the offsets of ${group}`, async (admin) => {
      const [ends, commits] = await Promise.all([
        admin.fetchTopicOffsets(topic),
        findCommitted(admin, topic, group),
      ]);
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
      const partitions = ends.map(({ partition, low }) => ({
        partition,
        low: Number(low),
        committed: commits.get(partition)?.offset ?? -1,
      }));
      firstLows ??= new Map(partitions.map(({ partition, low }) => [partition, low]));
      const known = firstLows;
      // What was deleted unread counts as read, or nothing would ever be sent again; but not while nobody reads.
      const isLost = partitions.some(
        (one) => one.low > Math.max(one.committed, known.get(one.partition) ?? one.low),
      );
      const { groups } = isLost ? await admin.describeGroups([group]) : { groups: [] };
      return {
        written: sum(ends.map(({ high }) => Number(high))),
        read: sum(partitions.map((one) => Math.max(one.low, one.committed))),
        isAlone: isLost && groups.every(({ members }) => members.length === 0),
      };
    });

  async function wait(): Promise<void> {
    let refused = 0;
    for (let isFirst = true; behind >= ahead && !signal.aborted; isFirst = false) {
      if (!isFirst) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      try {
        const { written, read, isAlone } = await look();
        refused = 0;
        before ??= written;
        behind = isAlone ? Infinity : Math.max(written, before + sent) - read;
      } catch (error) {
        const isRefusal = error instanceof DeadpanError && error.code === 'E_BROKER_REFUSED';
        refused = isRefusal ? refused + 1 : 0;
        if (refused === REFUSED_AT_MOST) throw error;
        // A broker that is away comes back.
        client.logger.debug(
          { topic, group, error: String(error) },
          'The lag is not known and is asked again.',
        );
      }
    }
  }

  return {
    async send(record) {
      // What comes of a replayed record lies in the topic already, and is not written again: nobody would ever commit it.
      if (record.origin?.replay === true) {
        await sender.send(record);
        return;
      }
      while (behind >= ahead && !signal.aborted) {
        waiting ??= wait().finally(() => {
          waiting = undefined;
        });
        await waiting;
      }
      behind += 1;
      sent += 1;
      await sender.send(record);
    },
    end: () => sender.end(),
  };
}

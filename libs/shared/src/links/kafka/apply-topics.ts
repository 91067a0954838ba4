import kafkajs, { type Admin } from 'kafkajs';

import { DeadpanError } from '../../errors/index.js';
import type { KafkaClient } from './kafka-client.js';
import { kafkaErrorType } from './kafka-error.js';
import { TOPICS, topicSettings, type TopicLayout } from './topics.js';
import { withAdmin } from './with-admin.js';

/** What became of one topic. */
export interface AppliedTopic {
  readonly name: string;
  readonly state: 'created' | 'changed' | 'unchanged';
  /** Settings that were changed, e.g. `retention.ms: 1000 -> 600000`. */
  readonly changes: readonly string[];
}

/**
 * Creates the topics that are missing and sets the settings that differ; other settings stay as they are. Doing it
 * again changes nothing.
 * @throws DeadpanError E_TOPIC where a topic has another number of partitions: records would change their partition; or
 *   where there are fewer brokers than copies
 */
export async function applyTopics(
  client: KafkaClient,
  topics: readonly TopicLayout[] = Object.values(TOPICS),
): Promise<AppliedTopic[]> {
  return withAdmin(client, 'create and change topics', async (admin) => {
    const { partitions, replication } = client.config;
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(client.named(name)));
    if (missing.length > 0) {
      const made = missing.map((topic) => ({
        topic: client.named(topic.name),
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: entriesOf(topicSettings(topic, replication)),
      }));
      try {
        await admin.createTopics({ waitForLeaders: false, topics: made });
      } catch (cause) {
        if (kafkaErrorType(cause) !== 'INVALID_REPLICATION_FACTOR') throw cause;
        throw new DeadpanError(
          'E_TOPIC',
          `Too few brokers run for ${replication} copies of each partition.`,
          {
            cause,
            advice: 'Set kafka.replication to at most the number of brokers.',
          },
        );
      }
      await untilLed(
        admin,
        missing.map(({ name }) => client.named(name)),
      );
    }
    const applied: AppliedTopic[] = [];
    for (const topic of topics) {
      const name = client.named(topic.name);
      if (missing.includes(topic)) applied.push({ name, state: 'created', changes: [] });
      else applied.push(await adjustTopic(admin, client, topic));
    }
    return applied;
  });
}

const entriesOf = (settings: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

async function adjustTopic(admin: Admin, client: KafkaClient, topic: TopicLayout): Promise<AppliedTopic> {
  const { partitions, replication } = client.config;
  const name = client.named(topic.name);
  const metadata = await admin.fetchTopicMetadata({ topics: [name] });
  const found = metadata.topics[0]?.partitions.length ?? 0;
  if (found !== partitions) {
    throw new DeadpanError(
      'E_TOPIC',
      `The topic ${name} has ${found} partitions, and the configuration says ${partitions}.`,
      { advice: 'Set kafka.partitions to the number that there is, or use another kafka.topicPrefix.' },
    );
  }
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name };
  const described = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  const entries = described.resources[0]?.configEntries ?? [];
  const now = new Map(entries.map((entry) => [entry.configName, entry.configValue]));
  const wanted = topicSettings(topic, replication);
  const changes = Object.entries(wanted)
    .filter(([setting, value]) => now.get(setting) !== value)
    .map(([setting, value]) => `${setting}: ${now.get(setting) ?? 'unset'} -> ${value}`);
  if (changes.length === 0) return { name, state: 'unchanged', changes };
  // This request replaces all of a topic's own settings: those of the operator are sent along.
  const own = entries.filter((entry) => entry.configSource === kafkajs.ConfigSource.TOPIC_CONFIG);
  const settings = { ...Object.fromEntries(own.map((e) => [e.configName, e.configValue])), ...wanted };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: entriesOf(settings) }],
  });
  return { name, state: 'changed', changes };
}

const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);
const LED_WITHIN_MS = 30_000;

/** Waits until every partition of new topics has a leader. kafkajs' own wait gives up where a broker has not heard of the topic yet. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadline = performance.now() + LED_WITHIN_MS;
  while (topics.length > 0) {
    try {
      const metadata = await admin.fetchTopicMetadata({ topics });
      if (metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (!NOT_YET.has(kafkaErrorType(error) ?? '')) throw error;
    }
    if (performance.now() > deadline) {
      throw new DeadpanError('E_TOPIC', `The new topics ${topics.join(', ')} have no leader yet.`, {
        advice: 'Check that enough brokers run, and apply again.',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

import { DeadpanError } from '../../errors/index.js';
import type { KafkaClient } from './kafka-client.js';
import type { TopicLayout } from './topics.js';
import { withAdmin } from './with-admin.js';

/**
 * Makes sure, before anything starts, that the topics exist: without it a program would wait for them in silence.
 * @throws DeadpanError E_TOPIC naming what is missing, E_BROKER_REFUSED, or E_LINK where no broker answers.
 */
export async function requireTopics(client: KafkaClient, topics: readonly TopicLayout[]): Promise<void> {
  const existing = new Set(await withAdmin(client, 'list topics', (admin) => admin.listTopics()));
  const missing = topics.map(({ name }) => client.named(name)).filter((name) => !existing.has(name));
  if (missing.length === 0) return;
  throw new DeadpanError(
    'E_TOPIC',
    `Kafka has no topic ${missing.join(', ')}, or does not show it to this user.`,
    { advice: 'Run `deadpan topics apply`.' },
  );
}

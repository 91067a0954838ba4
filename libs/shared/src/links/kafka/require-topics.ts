import { DeadpanError } from '../../errors/index.js';
import type { KafkaClient } from './kafka-client.js';
import { refusal } from './kafka-error.js';
import type { TopicLayout } from './topics.js';

/**
 * Makes sure, before anything starts, that the topics exist: without it a program would wait for them in silence.
 * @throws DeadpanError E_TOPIC naming what is missing, E_BROKER_REFUSED, or E_LINK where no broker answers.
 */
export async function requireTopics(client: KafkaClient, topics: readonly TopicLayout[]): Promise<void> {
  const admin = client.kafka.admin({ retry: { retries: 2 } });
  const names = topics.map(({ name }) => client.named(name));
  let existing: Set<string>;
  try {
    await admin.connect();
    existing = new Set(await admin.listTopics());
  } catch (cause) {
    throw (
      refusal(cause, 'list topics') ??
      new DeadpanError('E_LINK', `No broker answers at ${client.config.brokers.join(', ')}.`, {
        cause,
        advice: 'Check kafka.brokers, and whether the broker runs.',
      })
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
  const missing = names.filter((name) => !existing.has(name));
  if (missing.length > 0) {
    throw new DeadpanError(
      'E_TOPIC',
      `Kafka has no topic ${missing.join(', ')}, or does not show it to this user.`,
      {
        advice: 'Run `deadpan topics apply`.',
      },
    );
  }
}

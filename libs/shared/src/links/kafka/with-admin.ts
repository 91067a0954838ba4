import type { Admin } from 'kafkajs';

import { DeadpanError } from '../../errors/index.js';
import type { KafkaClient } from './kafka-client.js';
import { failure, refusal } from './kafka-error.js';

/**
 * Lends an admin connection to `work` and ends it afterwards. It tries for about two seconds, for somebody waits.
 * @param what the work in words, to complete "Kafka does not let this program ..."
 * @throws DeadpanError E_LINK where no broker answers, or one fails at it; E_BROKER_REFUSED where one does not let the
 *   user in or do it
 */
export async function withAdmin<T>(
  client: KafkaClient,
  what: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = client.impatient.admin();
  try {
    try {
      await admin.connect();
    } catch (cause) {
      throw (
        refusal(cause, what) ??
        new DeadpanError('E_LINK', `No broker answers at ${client.config.brokers.join(', ')}.`, {
          cause,
          advice: 'Check kafka.brokers, and whether the broker runs.',
        })
      );
    }
    return await work(admin);
  } catch (error) {
    if (error instanceof DeadpanError) throw error;
    throw refusal(error, what) ?? failure(error, what) ?? error;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

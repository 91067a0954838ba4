import type { Message, Producer } from 'kafkajs';

import { DeadpanError } from '../../errors/index.js';
import { cameraPartitioner } from './camera-partitioner.js';
import type { KafkaClient } from './kafka-client.js';
import { kafkaErrorType, refusal } from './kafka-error.js';

/** What became of a send. */
export type SendResult = 'sent' | 'too-large' | 'cancelled';

/** Sends messages to one topic and does not lose any. */
export interface SafeProducer {
  /**
   * Resolves with `sent` once all in-sync replicas have the messages, however long the broker is away. The caller
   * waits for one call before the next.
   * @throws DeadpanError E_BROKER_REFUSED
   */
  send(messages: Message[]): Promise<SendResult>;
  /** A send that waits for the broker gives up. */
  cancel(): void;
  disconnect(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * An idempotent producer that is thrown away after its first failure: one of kafkajs that goes on after a failed send,
 * or has several sends in flight when one fails, loses records it has acknowledged.
 */
export function createSafeProducer(
  client: KafkaClient,
  topic: string,
  onFailure: (error: unknown) => void = () => undefined,
): SafeProducer {
  let producer: Producer | undefined;
  let cancelled = false;
  let wake: (() => void) | undefined;

  async function transmit(messages: Message[]): Promise<void> {
    if (producer === undefined) {
      const made = client.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: cameraPartitioner,
      });
      producer = made;
      await made.connect();
    }
    await producer.send({ topic, messages, acks: -1 });
  }

  async function disconnect(): Promise<void> {
    const old = producer;
    producer = undefined;
    // It may have failed already; what it says to its end is of no interest.
    await old?.disconnect().catch(() => undefined);
  }

  async function pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    async send(messages) {
      for (let attempt = 0; !cancelled; attempt += 1) {
        try {
          await transmit(messages);
          return 'sent';
        } catch (error) {
          await disconnect();
          const hopeless = refusal(error, `write to ${topic}`);
          if (hopeless !== undefined) throw hopeless;
          const type = kafkaErrorType(error);
          if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return 'too-large';
          // A bug of ours is not mended by waiting.
          if (error instanceof TypeError || error instanceof RangeError) {
            throw new DeadpanError('E_LINK', `Sending to ${topic} failed.`, { cause: error });
          }
          onFailure(error);
          client.logger.warn(
            { topic, attempt, error: String(error) },
            'A send failed; a new producer repeats it.',
          );
          await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10)));
        }
      }
      return 'cancelled';
    },
    cancel() {
      cancelled = true;
      wake?.();
    },
    disconnect,
  };
}

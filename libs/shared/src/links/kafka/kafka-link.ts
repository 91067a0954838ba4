import type { Link } from '../link.js';
import { createKafkaReceiver, type KafkaReceiver, type KafkaReceiverOptions } from './kafka-receiver.js';
import { createKafkaSender, type KafkaSender, type KafkaSenderOptions } from './kafka-sender.js';

/** Both ends of a Kafka link in one process. */
export interface KafkaLink<T> extends Link<T> {
  readonly sender: KafkaSender<T>;
  readonly receiver: KafkaReceiver<T>;
}

/** Options of {@link createKafkaLink}. */
export type KafkaLinkOptions<T> = Omit<KafkaSenderOptions<T>, 'deadLetters'> &
  KafkaReceiverOptions<T> & { readonly deadLetters: { readonly sink: KafkaSenderOptions<T>['deadLetters'] } };

/** A link whose ends are in this process and whose records lie in Kafka in between. */
export function createKafkaLink<T>(options: KafkaLinkOptions<T>): KafkaLink<T> {
  return {
    name: options.client.named(options.topic.name),
    sender: createKafkaSender({ ...options, deadLetters: options.deadLetters.sink }),
    receiver: createKafkaReceiver(options),
  };
}

import type { KafkaObserver } from '@deadpan/shared/kafka';

/** Whether the broker does what it is asked, as far as senders and receivers tell. */
export interface BrokerWatch {
  readonly observer: KafkaObserver;
  /** The last that was heard of it is that it does not answer. */
  readonly isAway: boolean;
}

/** Watches what an observer is told, and passes it on. */
export function watchBroker(observer: KafkaObserver): BrokerWatch {
  let isAway = false;
  return {
    observer: {
      ...observer,
      sent(topic, records) {
        isAway = false;
        observer.sent(topic, records);
      },
      read(topic, partition, lag) {
        isAway = false;
        observer.read(topic, partition, lag);
      },
      joined(topic, partitions) {
        isAway = false;
        observer.joined(topic, partitions);
      },
      sendFailed(topic) {
        isAway = true;
        observer.sendFailed(topic);
      },
      crashed(topic) {
        isAway = true;
        observer.crashed(topic);
      },
    },
    get isAway() {
      return isAway;
    },
  };
}

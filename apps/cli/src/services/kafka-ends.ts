import type { RecordCodec, Sender } from '@deadpan/shared';
import {
  createKafkaReceiver,
  createKafkaSender,
  pacedSender,
  type DeadLetters,
  type KafkaClient,
  type KafkaObserver,
  type KafkaReceiver,
  type KafkaReceiverOptions,
  type KafkaSender,
  type TopicLayout,
} from '@deadpan/shared/kafka';

/** What all ends of one process have in common. */
export interface KafkaEndsOptions {
  readonly client: KafkaClient;
  readonly deadLetters: DeadLetters;
  readonly observer: KafkaObserver;
  /** Which program writes, for `ce_source`. */
  readonly source: string;
  /** The run has an end: senders mark it, receivers end there. */
  readonly bounded: boolean;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

/** How a topic is read. */
export type ReadOptions = Pick<
  KafkaReceiverOptions<unknown>,
  'group' | 'replaySeconds' | 'inFlight' | 'beginMs'
>;

/** The ends of Kafka links that one process has. */
export interface KafkaEnds {
  sender<T>(topic: TopicLayout, codec: RecordCodec<T>): KafkaSender<T>;
  /** The same to the next service, which reads as `group`; where the run has an end it never gets far behind. */
  senderTo<T>(group: string, topic: TopicLayout, codec: RecordCodec<T>): Sender<T>;
  receiver<T>(topic: TopicLayout, codec: RecordCodec<T>, how: ReadOptions): KafkaReceiver<T>;
  /** Ends the senders: what waits is sent, and the end is marked unless the run was interrupted. */
  endSenders(interrupted: boolean): Promise<void>;
  /** What waits is forgotten: it is read again by whoever comes next. */
  readonly abandonSenders: () => void;
  /** Commits what is acked and disconnects. */
  closeReceivers(): Promise<void>;
}

/** Records that a service may be behind the one before it where nothing is dropped. */
const AHEAD = 256;

/** Makes ends and remembers them, so that they can be ended together. */
export function createKafkaEnds(options: KafkaEndsOptions): KafkaEnds {
  const { client, deadLetters, observer, source, bounded, signal } = options;
  const senders: Pick<KafkaSender<unknown>, 'end' | 'abandon'>[] = [];
  const receivers: Pick<KafkaReceiver<unknown>, 'close'>[] = [];
  const abandonSenders = (): void => {
    for (const sender of senders) sender.abandon();
  };
  function openSender<T>(topic: TopicLayout, codec: RecordCodec<T>): KafkaSender<T> {
    const sender = createKafkaSender({
      ...{ client, topic, codec, source, observer },
      deadLetters: deadLetters.sink,
      markEnd: bounded,
    });
    senders.push(sender);
    return sender;
  }
  return {
    sender: openSender,
    senderTo(group, topic, codec) {
      const sender = openSender(topic, codec);
      return bounded ? pacedSender({ client, sender, topic, group, ahead: AHEAD, signal }) : sender;
    },
    receiver(topic, codec, how) {
      const receiver = createKafkaReceiver({
        ...{ client, topic, codec, deadLetters, observer, ...how },
        untilEnd: bounded,
      });
      receivers.push(receiver);
      return receiver;
    },
    async endSenders(interrupted) {
      // An interrupted run must not say that this is the end.
      if (interrupted && bounded) abandonSenders();
      await Promise.all(senders.map((sender) => sender.end()));
    },
    abandonSenders,
    async closeReceivers() {
      await Promise.all(receivers.map((receiver) => receiver.close()));
    },
  };
}

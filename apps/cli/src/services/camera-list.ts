import { randomBytes } from 'node:crypto';

import { DeadpanError, envelope, type Logger } from '@deadpan/shared';
import {
  createKafkaReceiver,
  createKafkaSender,
  silentObserver,
  TOPICS,
  withAdmin,
  type KafkaClient,
  type KafkaObserver,
  type KafkaReceiver,
} from '@deadpan/shared/kafka';

import { cameraListCodec, type ListedCamera } from './camera-list-codec.js';

/** What both ends of the list need. */
export interface CameraListOptions {
  readonly client: KafkaClient;
  readonly logger: Logger;
}

/** Changes of one partition of the list that may be remembered while it is assigned. */
const CHANGES = 10_000;

/** Reads the list of cameras, `deadpan.cameras.v1`, from its beginning. Members of a group share the partitions. */
export function createCameraListReceiver(
  { client, logger }: CameraListOptions,
  group: string,
  observer: KafkaObserver = silentObserver,
): KafkaReceiver<ListedCamera> {
  return createKafkaReceiver({
    ...{ client, group, topic: TOPICS.cameras, codec: cameraListCodec, inFlight: CHANGES, observer },
    deadLetters: {
      // Its value may hold a password: it is not copied to where others read.
      put({ error, origin }) {
        logger.error({ partition: origin?.partition, offset: origin?.offset }, error.message);
        return Promise.resolve();
      },
    },
  });
}

/** The list as it is now: the newest line of each name, removed cameras included. Part of it where `signal` aborts. */
export async function readCameraList(
  options: CameraListOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ListedCamera>> {
  const { client } = options;
  const topic = client.named(TOPICS.cameras.name);
  const ends = await withAdmin(client, `read ${topic}`, (admin) => admin.fetchTopicOffsets(topic));
  const unread = new Set(ends.filter(({ low, high }) => low !== high).map(({ partition }) => partition));
  const listed = new Map<string, ListedCamera>();
  if (unread.size === 0) return listed;
  const group = `deadpan.cameras.${randomBytes(4).toString('hex')}`;
  const receiver = createCameraListReceiver(options, group, {
    ...silentObserver,
    read(_, partition, lag) {
      if (lag > 0) return;
      unread.delete(partition);
      if (unread.size === 0) stop();
    },
  });
  const stop = (): void => void receiver.stop(0);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    for await (const { value } of receiver) listed.set(value.name, value);
  } finally {
    signal.removeEventListener('abort', stop);
    await receiver.close();
  }
  return listed;
}

/**
 * Puts lines on the list, in the order given; resolves once the broker has them, however long it is away.
 * @throws DeadpanError E_BROKER_REFUSED; E_RECORD_INVALID for a line that is larger than the topic allows; E_LINK where
 *   `signal` aborts before
 */
export async function putCameras(
  { client }: CameraListOptions,
  cameras: readonly ListedCamera[],
  signal: AbortSignal,
): Promise<void> {
  // One a call: its end says what became of these lines, and one that failed would refuse all that come later.
  const sender = createKafkaSender({
    ...{ client, topic: TOPICS.cameras, codec: cameraListCodec, source: '/deadpan/cameras' },
    deadLetters({ record, error }) {
      const what = `The camera "${record.key}" cannot be put on the list. ${error.message}`;
      return Promise.reject(new DeadpanError('E_RECORD_INVALID', what));
    },
  });
  let left = cameras.length;
  const onAck = (): void => {
    left -= 1;
  };
  const abandon = (): void => {
    sender.abandon();
  };
  signal.addEventListener('abort', abandon);
  if (signal.aborted) abandon();
  try {
    for (const camera of cameras) {
      await sender.send(envelope({ key: camera.name, timeUs: Date.now() * 1000, value: camera, onAck }));
    }
  } finally {
    await sender.end().finally(() => {
      signal.removeEventListener('abort', abandon);
    });
  }
  // What is abandoned is never acked.
  if (left > 0) throw new DeadpanError('E_LINK', 'The list of cameras is not written: this program ends.');
}

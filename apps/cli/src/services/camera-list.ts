import { randomBytes } from 'node:crypto';

import { envelope, type Logger } from '@deadpan/shared';
import {
  createKafkaReceiver,
  createKafkaSender,
  silentObserver,
  TOPICS,
  withAdmin,
  type KafkaClient,
  type KafkaObserver,
  type KafkaReceiver,
  type KafkaSender,
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

/** The list as it is now: the newest line of each name, removed cameras included. */
export async function readCameraList(options: CameraListOptions): Promise<ReadonlyMap<string, ListedCamera>> {
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
      if (unread.size === 0) void receiver.stop(0);
    },
  });
  try {
    for await (const { value } of receiver) listed.set(value.name, value);
  } finally {
    await receiver.close();
  }
  return listed;
}

/** Writes the list of cameras. */
export function createCameraListSender({ client, logger }: CameraListOptions): KafkaSender<ListedCamera> {
  return createKafkaSender({
    ...{ client, topic: TOPICS.cameras, codec: cameraListCodec, source: '/deadpan/cameras' },
    deadLetters({ record, error }) {
      logger.error({ camera: record.key }, error.message);
      return Promise.resolve();
    },
  });
}

/** Puts a line on the list; resolves once the broker has it. */
export function putCamera(sender: KafkaSender<ListedCamera>, camera: ListedCamera): Promise<void> {
  return new Promise((resolve, reject) => {
    const line = envelope({ key: camera.name, timeUs: Date.now() * 1000, value: camera, onAck: resolve });
    sender.send(line).catch(reject);
  });
}

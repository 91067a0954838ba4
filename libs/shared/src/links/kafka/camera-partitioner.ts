import kafkajs, { type ICustomPartitioner } from 'kafkajs';

import { headerText } from './message-headers.js';

/**
 * The partition of a message comes from its camera (`ce_subject`) whatever its key is: so all records of a camera
 * keep their order, one reader's watermark holds for all of them, and the key is free to be what compaction needs.
 * The hash is the one of Kafka's own clients (murmur2).
 */
export const cameraPartitioner: ICustomPartitioner = () => {
  const byKey = kafkajs.Partitioners.DefaultPartitioner();
  return ({ topic, partitionMetadata, message }) => {
    const camera = headerText(message.headers, 'ce_subject');
    const key = camera === undefined ? (message.key ?? '') : camera;
    return byKey({ topic, partitionMetadata, message: { ...message, key } });
  };
};

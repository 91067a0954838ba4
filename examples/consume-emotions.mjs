// Follows deadpan.emotions.v1 and prints one line per window. Needs nothing of Deadpan but the topic: npm install kafkajs.
//
//   node examples/consume-emotions.mjs --brokers localhost:9092 [--topic deadpan.emotions.v1] [--group my-program] [--limit 10]
//
// Delivery is at least once: a window may come twice, with the same key; the newest counts. Its content is the same, unless
// Kafka was away for longer than window.silence: then the first may lack frames.
import { parseArgs } from 'node:util';

import kafkajs from 'kafkajs';

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: 'localhost:9092' },
    topic: { type: 'string', default: 'deadpan.emotions.v1' },
    group: { type: 'string', default: 'example-emotions' },
    limit: { type: 'string' },
  },
});
const limit = values.limit === undefined ? Infinity : Number(values.limit);

const kafka = new kafkajs.Kafka({
  clientId: 'example-emotions',
  brokers: values.brokers.split(','),
  logLevel: kafkajs.logLevel.ERROR,
});
const consumer = kafka.consumer({ groupId: values.group, maxWaitTimeInMs: 100 });
const newest = new Map();
const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));

await consumer.connect();
await consumer.subscribe({ topics: [values.topic], fromBeginning: true });
const done = new Promise((resolve) => {
  void consumer.run({
    async eachMessage({ message }) {
      // A mark between records, or a deleted key of the compacted topic.
      if (message.key === null || message.value === null || newest.size >= limit) return;
      const key = message.key.toString();
      const repeated = newest.has(key);
      const emotion = JSON.parse(message.value.toString());
      newest.set(key, emotion);
      if (repeated) return;
      const share = Math.round(100 * emotion.probabilities[emotion.expression]);
      console.log(
        `${emotion.at}  ${emotion.camera}  ${emotion.track}  ${emotion.expression} ${share} %  intensity ${emotion.intensity}`,
      );
      if (newest.size >= limit) resolve();
    },
  });
});
await Promise.race([done, stopped]);
await consumer.disconnect();

// Latency of the five services, each a process of its own, on a real broker: from a frame of a live camera to its
// expression records on the public topic.
//
//   node bench/kafka/latency.mjs [--cameras 1] [--fps 10] [--seconds 60] [--workers 1]
//
// It begins at the event time of a frame, which is when its pixels reached ingest (see event-clock.ts), and ends when a
// reader of the topic has the record; the steps between are by the times at which the broker got the records of each
// topic. Cameras, their server, broker, services and reader share this machine's cores.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { TOPICS } from '../../libs/shared/dist/links/kafka/index.js';
import { startBroker } from '../../infra/kafka/broker.mjs';
import { clientOf, readAll } from '../../test/dist/kafka/kafka-under-test.js';
import { prepareServices } from '../../test/dist/kafka/services-under-test.js';
import { startCameras } from './cameras.mjs';
import { watchCpu } from './cpu.mjs';

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '1' },
    fps: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '1' },
  },
});
const [cameraCount, fps, seconds, workers] = [values.cameras, values.fps, values.seconds, values.workers].map(
  Number,
);
const WARM_UP_MS = 10_000;
const STEPS = [
  ['ingest', TOPICS.frames],
  ['align', TOPICS.faces],
  ['normalize', TOPICS.pairs],
  ['classify', TOPICS.expressions],
];

const timeOf = ({ headers }) => Date.parse(headers.ce_time.replace(/\d{3}Z$/, 'Z'));
/** `camera/epoch/sequence`: the ids of all that comes of a frame begin with it. */
const frameOf = ({ headers }) => headers.ce_id.split('/').slice(0, 3).join('/');

function quantiles(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]),
  );
  return `p50 ${p50}, p95 ${p95}, p99 ${p99}, most ${Math.round(sorted.at(-1))}`;
}

/** Collects the expressions as a program outside would; `seen` grows from then on. */
async function watchExpressions(client) {
  const seen = [];
  const consumer = client.kafka.consumer({ groupId: client.named('bench'), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [client.named(TOPICS.expressions.name)] });
  const joined = new Promise((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, resolve);
  });
  await consumer.run({
    eachMessage({ message }) {
      const headers = Object.fromEntries(
        Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
      );
      seen.push({ id: headers.ce_id, headers, seenMs: Date.now() });
      return Promise.resolve();
    },
  });
  await joined;
  return { seen, stop: () => consumer.disconnect() };
}

/** Milliseconds of each step, one number a frame: from the record before to the last one that came of the frame. */
async function stepsOf(client, beginMs) {
  const before = new Map();
  const steps = {};
  for (const [name, topic] of STEPS) {
    const reached = new Map();
    for (const message of await readAll(client, topic.name)) {
      if (message.value === null || timeOf(message) < beginMs) continue;
      const frame = frameOf(message);
      if (topic === TOPICS.frames) before.set(frame, timeOf(message));
      reached.set(frame, Math.max(message.appendedMs, reached.get(frame) ?? 0));
    }
    steps[name] = [...reached].flatMap(([frame, ms]) => (before.has(frame) ? [ms - before.get(frame)] : []));
    for (const [frame, ms] of reached) before.set(frame, ms);
  }
  return steps;
}

const broker = await startBroker();
const cameras = await startCameras(cameraCount);
const client = clientOf(broker);
const services = await prepareServices(client, { inference: { workers } });
try {
  const names = ['feed', 'classify', 'normalize', 'align'];
  const started = names.map((name) => services.start(name, '--listen', '127.0.0.1:0'));
  await Promise.all(started.map(({ ready }) => ready));
  const ingest = services.start('ingest', ...cameras.sources, '--fps', String(fps));
  await ingest.ready;
  const { seen, stop } = await watchExpressions(client);
  await delay(WARM_UP_MS);
  const beginMs = Date.now();
  const cpu = watchCpu(
    Object.fromEntries([
      ['ingest', ingest.child.pid],
      ...names.map((name, i) => [name, started[i].child.pid]),
      ['broker', broker.pid],
    ]),
  );
  const from = seen.length;
  await delay(seconds * 1000);
  const counted = seen.slice(from);
  const cores = Object.entries(cpu()).map(([name, spent]) => `${name} ${(spent / seconds).toFixed(2)}`);
  await stop();
  const frames = new Set(counted.map(frameOf));
  const ages = counted.map((message) => message.seenMs - timeOf(message));
  const steps = await stepsOf(client, beginMs);
  process.stdout.write(
    [
      `${cameraCount} camera${cameraCount === 1 ? '' : 's'}, ${fps} frames/s wanted, ${(frames.size / seconds / cameraCount).toFixed(2)} analysed, ${counted.length} expressions of ${frames.size} frames in ${seconds} s`,
      `frame to expression, ms   ${quantiles(ages)}`,
      ...Object.entries(steps).map(([name, ms]) => `  ${name.padEnd(22)}  ${quantiles(ms)}`),
      `cores                     ${cores.join(', ')}`,
      '',
    ].join('\n'),
  );
} finally {
  await services.close();
  await cameras.stop();
  await broker.stop();
}

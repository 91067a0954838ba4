// How a crowd of clients is served: `node services/feed/dist/crowd.bench.js [seconds]` prints latencies in milliseconds.
// The feed runs in a thread of its own; 200 clients follow everything, ten of them read nothing, one sends garbage and
// one sends 10 MB again and again.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import {
  expressionOf,
  emotionOf,
  keepCameras,
  listen,
  startFeed,
  statusOf,
  type Listener,
} from './feed-fixture.js';

const CAMERAS = ['north', 'east', 'south', 'west'];
const PEOPLE = ['a', 'b'];
const CLIENTS = { all: 200, deaf: 10 };
const seconds = Number(process.argv[2] ?? workerData ?? 20);

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

/** Publishes like four cameras with two people each, five analysed frames a second. */
async function serve(): Promise<void> {
  const feed = await startFeed({}, { cameras: keepCameras(...CAMERAS) });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  parentPort?.postMessage({ url: feed.url });
  let sequence = 0;
  const timer = setInterval(() => {
    for (const camera of CAMERAS) {
      for (const track of PEOPLE) {
        void feed.publishExpression({ ...expressionOf(camera, track, sequence), faces: PEOPLE.length });
        if (sequence % 5 < 2) void feed.publishEmotion(emotionOf(camera, track));
      }
      if (sequence % 5 === 0) void feed.publishStatus(statusOf(camera));
    }
    sequence += 1;
  }, 200);
  parentPort?.on('message', (word: string) => {
    if (word === 'measure') {
      delay.enable();
      return;
    }
    clearInterval(timer);
    parentPort?.postMessage({
      eventLoopDelayP99: delay.percentile(99) / 1e6,
    });
    void feed.close().then(() => parentPort?.close());
  });
}

async function crowd(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: seconds });
  const next = <T>(): Promise<T> => new Promise((resolve) => worker.once('message', resolve));
  const { url } = await next<{ url: string }>();
  const clients: Listener[] = [];
  for (let i = 0; i < CLIENTS.all; i += 1) clients.push(await listen(url));
  for (const client of clients) client.say({ type: 'subscribe', types: ['emotion', 'expression', 'status'] });
  for (const { socket } of clients.slice(0, CLIENTS.deaf)) socket.pause();

  const latencies: number[] = [];
  let gaps = 0;
  for (const { socket } of clients.slice(CLIENTS.deaf)) {
    // Only what is measured is read, so that 190 clients in one thread do not measure themselves.
    socket.removeAllListeners('message');
    socket.on('message', (data: Buffer) => {
      const head = data.toString('latin1', 0, 64);
      const at = /^\{"type":"expression","at":"([^"]+)"/.exec(head)?.[1];
      if (at !== undefined) latencies.push(Date.now() - Date.parse(at));
      else if (head.startsWith('{"type":"gap"')) gaps += 1;
    });
  }
  const garbage = await listen(url);
  const shouting = setInterval(() => {
    garbage.say('garbage');
  }, 60);
  const giants = setInterval(() => {
    void listen(url).then(({ socket }) => {
      socket.on('error', () => undefined);
      socket.send('x'.repeat(10_000_000));
    });
  }, 1000);

  await new Promise((resolve) => setTimeout(resolve, 2000));
  latencies.length = 0;
  worker.postMessage('measure');
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  clearInterval(shouting);
  clearInterval(giants);
  const sorted = [...latencies].sort((a, b) => a - b);
  worker.postMessage('end');
  const server = await next<object>();
  const latency = { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99) };
  console.log(
    JSON.stringify({ clients: CLIENTS, seconds, messages: sorted.length, latency, gaps, ...server }),
  );
  for (const { socket } of clients) socket.terminate();
  garbage.socket.terminate();
}

await (isMainThread ? crowd() : serve());

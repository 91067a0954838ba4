// Measures `deadpan live` on a real RTSP server: how old results are at the feed, what is dropped and whether the counts
// add up, how long the event loop is held up, and how memory develops.
//
//   node bench/live.mjs [--cameras 4] [--fps 5] [--seconds 600] [--faces 1] [--glass]
//
// A camera is an ffmpeg process on this machine that sends the test clip, made 1280x720 H.264 at 25 frames a second, again
// and again: with `--faces 1` its first person, with `--faces 3` all three. Cameras and server take their share of this
// machine's cores. Between a camera and the server a relay notes when each frame was sent.
//
// Age is the arrival of a result here less the capture time that it carries. With `--glass` each picture bears the number
// of its frame as a bar code; the picture of every result is fetched, as the dashboard does, the number read, and the
// time since that very frame was sent taken: it includes the network and the decoder, which a capture time cannot know.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import sharp from 'sharp';
import WebSocket from 'ws';

import { buildRtspServer } from '../infra/rtsp/build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '4' },
    fps: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '600' },
    faces: { type: 'string', default: '1' },
    glass: { type: 'boolean', default: false },
  },
});
const [cameras, fps, seconds] = [values.cameras, values.fps, values.seconds].map(Number);
const WARM_UP_MS = 20_000;

// ---- cameras ----

/** The bar code: so many bits, the lowest at the left, squares of so many pixels along the lower edge. */
const BITS = 10;
const SQUARE = 36;
const HEIGHT = 720;

/** 20 s of H.264, 1280x720, 25 frames a second; each frame bears its number. */
function cameraClip() {
  const made = join(root, `.cache/bench/camera-${values.faces}.mp4`);
  if (existsSync(made)) return made;
  mkdirSync(join(root, '.cache/bench'), { recursive: true });
  const scene =
    values.faces === '1' ? 'crop=208:344:8:8,scale=-2:720,pad=1280:720:(ow-iw)/2:0:gray' : 'scale=1280:720';
  const square = (i, colour, enable) =>
    `drawbox=x=${i * SQUARE}:y=${HEIGHT - SQUARE}:w=${SQUARE}:h=${SQUARE}:color=${colour}:t=fill${enable}`;
  const code = Array.from({ length: BITS }, (_, i) => [
    square(i, 'black', ''),
    square(i, 'white', `:enable='mod(floor(n/${2 ** i}),2)'`),
  ]).flat();
  execFileSync(
    'ffmpeg',
    [
      ...['-nostdin', '-y', '-v', 'error', '-i', join(root, 'test/media/clip.mp4')],
      ...['-vf', [scene, ...code].join(','), '-an', '-c:v', 'libx264', '-preset', 'veryfast'],
      ...['-tune', 'zerolatency', '-g', '25', '-b:v', '2M', made],
    ],
    { stdio: 'inherit' },
  );
  return made;
}

/** The number that a picture bears. */
async function numberOf(jpeg) {
  const strip = { left: 0, top: HEIGHT - SQUARE, width: BITS * SQUARE, height: SQUARE };
  const { data, info } = await sharp(jpeg)
    .extract(strip)
    .grayscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const level = (i) => data[((SQUARE / 2) * info.width + (i + 0.5) * SQUARE) * info.channels];
  return Array.from({ length: BITS }, (_, i) => (level(i) > 128 ? 2 ** i : 0)).reduce((sum, n) => sum + n, 0);
}

/** Passes what a camera sends on to the server; `sentAt` holds when each frame began to be sent, by its number. */
async function startRelay(port) {
  const sentAt = [];
  const relay = createServer((camera) => {
    const server = connect(port, '127.0.0.1');
    server.pipe(camera);
    let pending = Buffer.alloc(0);
    let stamp = null;
    camera.on('data', (chunk) => {
      server.write(chunk);
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const end = messageEnd(pending);
        if (end === null) break;
        const isVideo = pending[0] === 0x24 && pending[1] === 0;
        if (isVideo && pending.readUInt32BE(8) !== stamp) {
          stamp = pending.readUInt32BE(8);
          sentAt.push(Date.now());
        }
        pending = pending.subarray(end);
      }
    });
    for (const socket of [camera, server]) {
      socket.on('error', () => undefined).on('close', () => [camera, server].forEach((one) => one.destroy()));
    }
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return { port: relay.address().port, sentAt, relay };
}

/** Where the first message of an RTSP connection ends: a text, or interleaved data (RFC 2326, 10.12); null: not yet. */
function messageEnd(bytes) {
  if (bytes[0] === 0x24) {
    if (bytes.length < 4) return null;
    const end = 4 + bytes.readUInt16BE(2);
    return end <= bytes.length ? end : null;
  }
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const body = Number(/content-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1] ?? 0);
  return head + 4 + body <= bytes.length ? head + 4 + body : null;
}

// ---- the measured process ----

const children = [];
process.once('exit', () => {
  for (const child of children.reverse()) child.kill('SIGTERM');
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the RTSP server; resolves when it listens. */
async function startServer(port) {
  const binary = buildRtspServer();
  if (binary === null) throw new Error('Go is not installed: see https://go.dev/dl.');
  const child = spawn(binary, ['-listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  const lines = createInterface({ input: child.stderr });
  await new Promise((resolve, reject) => {
    lines.on('line', (line) => /listening/.test(line) && resolve());
    child.once('exit', () => reject(new Error('the RTSP server ended before it was ready')));
  });
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const quantiles = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => Math.round(quantile(sorted, share)));
  return `p50 ${p50}, p95 ${p95}, p99 ${p99}, most ${Math.round(sorted.at(-1))}`;
};
const residentMb = (pid) =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024);
/** Seconds of processor time that a process has used (clock ticks are hundredths). */
const processorSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);

/** Sum of a metric over its series whose labels hold these. */
const metric = (text, name, labels = {}) =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))]
    .filter(([, held = '']) =>
      Object.entries(labels).every(([key, value]) => held.includes(`${key}="${value}"`)),
    )
    .reduce((sum, [, , value]) => sum + Number(value), 0);

const [rtspPort, port] = [await freePort(), await freePort()];
await startServer(rtspPort);
const clip = cameraClip();
const relays = [];
for (let i = 1; i <= cameras; i += 1) {
  const relay = await startRelay(rtspPort);
  relays.push(relay);
  const send = [
    '-c',
    'copy',
    '-f',
    'rtsp',
    '-rtsp_transport',
    'tcp',
    `rtsp://127.0.0.1:${relay.port}/camera${i}`,
  ];
  const camera = spawn(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, ...send],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  children.push(camera);
}
while (relays.some(({ sentAt }) => sentAt.length === 0)) await delay(50);

const base = `http://127.0.0.1:${port}`;
const live = spawn(
  process.execPath,
  [
    ...[join(root, 'apps/cli/bin/deadpan.js'), 'live', '--listen', `127.0.0.1:${port}`, '--quiet'],
    ...['--pixels', values.glass ? 'frames' : 'off'],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
children.push(live);
while (!(await fetch(`${base}/readyz`).catch(() => null))?.ok) await delay(250);

let ages = [];
let glass = [];
const unread = new Set();
const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`);
await once(socket, 'open');
/** Frames whose results came here, since the first one. */
const arrived = new Set();
socket.on('message', (data) => {
  const now = Date.now();
  const message = JSON.parse(data);
  if (message.type !== 'expression') return;
  ages.push(now - message.time * 1000);
  // One result a face: each frame counts once.
  const frame = `${message.camera}/${message.epoch}/${message.sequence}`;
  if (arrived.has(frame)) return;
  arrived.add(frame);
  if (!values.glass) return;
  const reading = fetch(
    `${base}/v1/cameras/${message.camera}/frames/${message.epoch}/${message.sequence}.jpg`,
  )
    .then(async (answer) => {
      if (!answer.ok) return;
      const number = await numberOf(Buffer.from(await answer.arrayBuffer()));
      const { sentAt } = relays[Number(message.camera.slice('camera-'.length)) - 1];
      // The newest frame with this number that had been sent by then.
      const newest = sentAt.findLastIndex((sent, n) => sent <= now && n % 500 === number);
      if (newest >= 0) glass.push(now - sentAt[newest]);
    })
    .finally(() => unread.delete(reading));
  unread.add(reading);
});
socket.send(JSON.stringify({ type: 'subscribe', types: ['expression'] }));

// Added only now, so that not one frame is analysed that is not seen here.
const ids = relays.map((_, i) => `camera-${i + 1}`);
const ask = async (method, path, body) => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${base}/v1/cameras${path}`, { method, headers, ...(body && { body }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
};
for (const [i, id] of ids.entries()) {
  const address = `rtsp://127.0.0.1:${rtspPort}/camera${i + 1}`;
  await ask('POST', '', JSON.stringify({ id, address, fps }));
}
await delay(WARM_UP_MS);

const metricsNow = async () => (await fetch(`${base}/metrics`)).text();
const snapshot = async () => ({
  metrics: await metricsNow(),
  sent: relays.reduce((sum, { sentAt }) => sum + sentAt.length, 0),
  live: processorSeconds(live.pid),
  decoders: childrenOf(live.pid).reduce((sum, pid) => sum + processorSeconds(pid), 0),
});
ages = [];
glass = [];
const before = await snapshot();
const memory = [];
const loop = [];
const began = performance.now();
while (performance.now() - began < seconds * 1000) {
  await delay(5000);
  memory.push(residentMb(live.pid));
  loop.push(metric(await metricsNow(), 'nodejs_eventloop_lag_p99_seconds') * 1000);
}
const after = await snapshot();
const took = (performance.now() - began) / 1000;
await Promise.all(unread);
const cores = (key) => ((after[key] - before[key]) / took).toFixed(2);
const grown = (name, labels) => metric(after.metrics, name, labels) - metric(before.metrics, name, labels);
const analysed = grown('deadpan_stage_emitted_total', { stage: 'ingest' });

// While a camera runs, some of its frames are on their way. Once it has been removed none is, and the counts of its
// whole life must add up.
for (const id of ids) await ask('DELETE', `/${id}`);
const ended = await metricsNow();
const total = {
  decoded: metric(ended, 'deadpan_stage_received_total', { stage: 'ingest' }),
  analysed: metric(ended, 'deadpan_stage_emitted_total', { stage: 'ingest' }),
};
const reasons = ['unsampled', 'superseded', 'stale', 'closed'].map((reason) => [
  reason,
  metric(ended, 'deadpan_stage_dropped_total', { stage: 'ingest', reason }),
]);
const dropped = reasons.reduce((sum, [, count]) => sum + count, 0);
const unexplained = total.decoded - total.analysed - dropped;
const missing = total.analysed - arrived.size;
const stages = ['align', 'normalize', 'classify'].map((stage) => {
  const calls = grown('deadpan_stage_seconds_count', { stage });
  const ms = (grown('deadpan_stage_seconds_sum', { stage }) / calls) * 1000;
  return `${stage} ${ms.toFixed(1)} (${(grown('deadpan_stage_batch_records_sum', { stage }) / calls).toFixed(1)})`;
});
const step = Math.ceil(memory.length / 20);
const lines = [
  `${cameras} cameras 1280x720 at 25 frames/s, ${values.faces} faces each, ${fps} frames/s analysed, ${took.toFixed(0)} s`,
  `analysed frames/s and camera   ${(analysed / took / cameras).toFixed(2)}; results/s ${(ages.length / took).toFixed(1)}`,
  `age at the feed, ms            ${quantiles(ages)}`,
  ...(values.glass ? [`glass to feed, ms              ${quantiles(glass)} (${glass.length} frames)`] : []),
  `event loop delay p99, ms       median of ${loop.length} ${quantile(
    [...loop].sort((a, b) => a - b),
    0.5,
  ).toFixed(1)}, most ${Math.max(...loop).toFixed(1)}`,
  `resident memory, MB            ${memory.filter((_, i) => i % step === 0).join(' ')}`,
  `frames sent and decoded        ${after.sent - before.sent}, ${grown('deadpan_stage_received_total', { stage: 'ingest' })}`,
  `frames, from begin to end      decoded ${total.decoded}, analysed ${total.analysed}, not ${dropped}: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')}; unexplained ${unexplained}`,
  `frames at the feed             ${arrived.size}; missing ${missing}`,
  `call of a stage, ms (records)  ${stages.join(', ')}`,
  `cores                          deadpan ${cores('live')}, its decoders ${cores('decoders')}`,
];
process.stdout.write(`${lines.join('\n')}\n`);
socket.close();
// The relays and cameras end with this process.
process.exit(unexplained === 0 && missing === 0 ? 0 : 1);

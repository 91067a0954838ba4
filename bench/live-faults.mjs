// What happens to `deadpan live` when things go wrong, with the timings that it has by default, on a real RTSP server:
//
//   node bench/live-faults.mjs [--only "server killed,frozen"]          all of it takes about seven minutes
//
// Each fault befalls a camera that was added for it, while another camera, on a server of its own, must go on as if
// nothing had happened (on a machine that does little else: frames are lost where there is no time for them). It prints
// - back, s: from the camera's return until the first result of a frame of the new connection is at the feed; at
//   most 5, but for a password that is changed in the camera: what it refused it is asked once a minute, so that it
//   does not lock its reader out
// - other camera: frames that it lost meanwhile, the longest time between two of its results (200 ms is what was asked
//   for), and how often it left its state `streaming`
//
// The camera's return is the moment when its server is let go on, the bytes are whole again, or its name can be
// resolved; where a server or a stream is started anew it is the moment before that start, which itself takes time.
// Cameras send a key frame a second, without which nobody can join a stream.
//
// For a name that cannot be resolved at first, Deadpan runs with a hosts file of its own (unshare, mount).
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { findFfmpeg } from '@deadpan/ingest';
import WebSocket from 'ws';

import {
  freePort,
  rtspServerBinary,
  startMeddler,
  startPublisher,
  startRtspServer,
} from '../services/ingest/dist/sample-camera.js';
import { createSampleMedia, H264 } from '../services/ingest/dist/sample-media.js';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const CLIP = fileURLToPath(new URL('../test/media/clip.mp4', import.meta.url));
const CLI = fileURLToPath(new URL('../apps/cli/bin/deadpan.js', import.meta.url));
/** Longer than the slowest return that is allowed, so that a slower one is seen and not cut off. */
const PATIENCE_MS = 150_000;

const binary = rtspServerBinary();
if (binary === null) {
  process.stderr.write('The RTSP server needs Go: see https://go.dev/dl.\n');
  process.exit(3);
}
const ffmpeg = await findFfmpeg();
const media = createSampleMedia(ffmpeg);
const filmed = (name, size) =>
  media.make(name, '-i', CLIP, '-vf', `scale=${size}`, '-an', ...H264, '-bf', '0');
const usual = filmed('usual.mp4', '640:360');
const larger = filmed('larger.mp4', '1280:720');
const folder = mkdtempSync(join(tmpdir(), 'deadpan-faults-'));

// ---- processes ----

const running = new Set();
const keep = (one) => {
  running.add(one);
  return one;
};
const kill = async (one) => {
  running.delete(one);
  await one.kill();
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const one of running) void one.kill();
    process.exit(130);
  });
}
const server = async (port, login) => keep(await startRtspServer(binary, port, login));
const publish = async (port, path, file = usual) =>
  keep(await startPublisher(ffmpeg, file, `rtsp://127.0.0.1:${port}/${path}`));

// ---- deadpan live, and what its feed says ----

const hosts = join(folder, 'hosts');
const HOSTS = readFileSync('/etc/hosts', 'utf8');
writeFileSync(hosts, HOSTS);
const port = await freePort();
const args = [CLI, 'live', '--listen', `127.0.0.1:${port}`, '--quiet'];
const ownHosts = 'mount --bind "$0" /etc/hosts && exec "$@"';
const live = spawn('unshare', ['-rm', 'sh', '-c', ownHosts, hosts, process.execPath, ...args], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'pipe'],
});
const log = [];
createInterface({ input: live.stderr }).on('line', (line) => log.push(line));
running.add({ kill: () => live.kill('SIGKILL') });

const base = `http://127.0.0.1:${port}`;
while (!(await fetch(`${base}/healthz`).catch(() => null))?.ok) {
  if (live.exitCode !== null) throw new Error(`deadpan live ended:\n${log.join('\n')}`);
  await delay(100);
}
const news = new EventEmitter().setMaxListeners(100);
const results = new Map();
const statuses = new Map();
const listOf = (map, camera) => map.get(camera) ?? map.set(camera, []).get(camera);
const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`);
socket.on('message', (data) => {
  const message = { ...JSON.parse(data), atMs: performance.now() };
  if (message.type === 'expression') {
    const list = listOf(results, message.camera);
    const last = list.at(-1);
    // One message a face: a frame counts once.
    if (last?.epoch === message.epoch && last.sequence === message.sequence) return;
    list.push(message);
  } else if (message.type === 'status') listOf(statuses, message.camera).push(message);
  news.emit('news');
});
await once(socket, 'open');
socket.send(JSON.stringify({ type: 'subscribe', types: ['expression', 'status'] }));

async function until(what, found, ms = PATIENCE_MS) {
  const signal = AbortSignal.timeout(ms);
  try {
    for (;;) {
      const answer = found();
      if (answer) return answer;
      await once(news, 'news', { signal });
    }
  } catch {
    const last = [...statuses].map(
      ([camera, said]) => `${camera} ${said.at(-1).state}: ${said.at(-1).lastError}`,
    );
    throw new Error(`${what}: not within ${ms / 1000} s (${last.join('; ')})`);
  }
}

async function ask(method, path, body) {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
}
const add = (id, address) => ask('POST', '/v1/cameras', { id, address, fps: 5 });
const stateOf = (camera) => listOf(statuses, camera).at(-1)?.state;
const isIn = (camera, ...states) =>
  until(`${camera} is ${states.join(' or ')}`, () => states.includes(stateOf(camera)));
const isAnalysed = (camera) => {
  const seen = listOf(results, camera).length;
  return until(`${camera} is analysed`, () => listOf(results, camera).length >= seen + 10);
};
const decoders = () => readFileSync(`/proc/${live.pid}/task/${live.pid}/children`, 'utf8').split(' ');

/** Frames of a camera that were picked and never analysed. */
async function lostOf(camera) {
  const text = await (await fetch(`${base}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('deadpan_stage_dropped_total{'));
  return lines
    .filter((line) => line.includes(`camera="${camera}"`) && !line.includes('reason="unsampled"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

// ---- the faults ----

const ONCE_A_MINUTE = 'wrong password, changed in the camera';

/** Each makes a camera ready, has it analysed, does it harm, and answers when it was back (`performance.now()`). */
const FAULTS = {
  async 'server killed, back after 30 s'(camera) {
    const at = await freePort();
    const one = await server(at);
    await publish(at, camera);
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    await kill(one);
    await delay(30_000);
    const back = performance.now();
    await server(at);
    await publish(at, camera);
    return back;
  },
  async 'server away for 2 min'(camera) {
    const at = await freePort();
    const one = await server(at);
    await publish(at, camera);
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    await kill(one);
    await delay(120_000);
    const back = performance.now();
    await server(at);
    await publish(at, camera);
    return back;
  },
  async 'server frozen for 15 s'(camera) {
    const at = await freePort();
    const one = await server(at);
    await publish(at, camera);
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    one.child.kill('SIGSTOP');
    await delay(15_000);
    one.child.kill('SIGCONT');
    return performance.now();
  },
  async 'stream ends, back after 10 s'(camera) {
    const at = await freePort();
    await server(at);
    const one = await publish(at, camera);
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    await kill(one);
    await delay(10_000);
    const back = performance.now();
    await publish(at, camera);
    return back;
  },
  async 'bytes without meaning'(camera) {
    const at = await freePort();
    await server(at);
    await publish(at, camera);
    const meddler = await startMeddler(at);
    running.add({ kill: () => meddler.close() });
    await add(camera, `rtsp://127.0.0.1:${meddler.port}/${camera}`);
    await isAnalysed(camera);
    meddler.garble();
    return performance.now();
  },
  async 'other size of the pictures'(camera) {
    const at = await freePort();
    await server(at);
    await publish(at, camera);
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    const back = performance.now();
    await publish(at, camera, larger);
    return back;
  },
  async 'wrong password, corrected by an operator'(camera) {
    const at = await freePort();
    await server(at, { user: 'bob', password: 'right' });
    await publish(at, camera);
    await add(camera, `rtsp://bob:wrong@127.0.0.1:${at}/${camera}`);
    await isIn(camera, 'failed');
    const back = performance.now();
    await ask('PATCH', `/v1/cameras/${camera}`, { address: `rtsp://bob:right@127.0.0.1:${at}/${camera}` });
    return back;
  },
  async [ONCE_A_MINUTE](camera) {
    const at = await freePort();
    const one = await server(at, { user: 'bob', password: 'wrong' });
    const stream = await publish(at, camera);
    await add(camera, `rtsp://bob:right@127.0.0.1:${at}/${camera}`);
    await isIn(camera, 'failed');
    await kill(stream);
    await kill(one);
    const back = performance.now();
    await server(at, { user: 'bob', password: 'right' });
    await publish(at, camera);
    return back;
  },
  async 'name not resolved for 10 s'(camera) {
    const at = await freePort();
    await server(at);
    await publish(at, camera);
    const name = `${camera}.invalid`;
    await add(camera, `rtsp://${name}:${at}/${camera}`);
    await until('it cannot be resolved', () =>
      /resolved/.test(listOf(statuses, camera).at(-1)?.lastError ?? ''),
    );
    await delay(10_000);
    writeFileSync(hosts, `${HOSTS}\n127.0.0.1 ${name}\n`);
    return performance.now();
  },
  async 'clock of the camera steps back'(camera) {
    const at = await freePort();
    await server(at);
    await publish(at, camera);
    const meddler = await startMeddler(at);
    running.add({ kill: () => meddler.close() });
    await add(camera, `rtsp://127.0.0.1:${meddler.port}/${camera}`);
    await isAnalysed(camera);
    meddler.setBack(100);
    return performance.now();
  },
  async 'ffmpeg kill -9'(camera) {
    const at = await freePort();
    await server(at);
    await publish(at, camera);
    const others = new Set(decoders());
    await add(camera, `rtsp://127.0.0.1:${at}/${camera}`);
    await isAnalysed(camera);
    const own = decoders().filter((pid) => !others.has(pid));
    if (own.length !== 1) throw new Error(`${own.length} decoders of one camera`);
    process.kill(Number(own[0]), 'SIGKILL');
    return performance.now();
  },
};

const wanted = values.only.split(',').filter(Boolean);
const chosen = Object.entries(FAULTS).filter(
  ([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word.trim())),
);

try {
  const OTHER = 'other';
  const otherPort = await freePort();
  await server(otherPort);
  await publish(otherPort, OTHER);
  await add(OTHER, `rtsp://127.0.0.1:${otherPort}/${OTHER}`);
  await isAnalysed(OTHER);
  const undisturbed = new Set(running);
  const rows = [];
  for (const [i, [name, befall]] of chosen.entries()) {
    const camera = `camera-${i + 1}`;
    const before = { lost: await lostOf(OTHER), atMs: performance.now() };
    const back = await befall(camera);
    const isAfter = ({ atMs, time }) => atMs > back && time * 1000 > performance.timeOrigin + back;
    await until('it is analysed again', () => listOf(results, camera).some(isAfter));
    await isAnalysed(camera);
    await isIn(camera, 'streaming');
    await isAnalysed(camera);
    // The connection that it has in the end: frames of the one before may come a moment longer.
    const { epoch } = listOf(results, camera).at(-1);
    const result = listOf(results, camera).find((one) => one.epoch === epoch && isAfter(one));
    const after = { lost: await lostOf(OTHER), atMs: performance.now() };
    const times = listOf(results, OTHER)
      .map(({ atMs }) => atMs)
      .filter((atMs) => atMs > before.atMs && atMs <= after.atMs);
    const silences = times.slice(1).map((atMs, n) => atMs - times[n]);
    const left = listOf(statuses, OTHER).filter(
      ({ state, atMs }) => state !== 'streaming' && atMs > before.atMs && atMs <= after.atMs,
    );
    rows.push({
      fault: name,
      'back, s': ((result.atMs - back) / 1000).toFixed(1),
      'said of it': listOf(statuses, camera).findLast(({ lastError }) => lastError !== null)?.lastError ?? '',
      'other: frames': times.length,
      lost: after.lost - before.lost,
      'longest silence, ms': Math.round(Math.max(...silences)),
      'left streaming': left.length,
    });
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
    await ask('DELETE', `/v1/cameras/${camera}`);
    for (const one of [...running].filter((started) => !undisturbed.has(started))) await kill(one);
  }
  console.table(rows);
  const isLate = (row) => Number(row['back, s']) > (row.fault === ONCE_A_MINUTE ? 65 : 5);
  if (rows.some((row) => isLate(row) || row.lost > 0 || row['left streaming'] > 0)) process.exitCode = 1;
} finally {
  socket.close();
  for (const one of [...running].reverse()) await one.kill();
  media.remove();
  rmSync(folder, { recursive: true });
}

// Measures `deadpan live` on a real RTSP server: how old results are at the feed, what is dropped, how long the event
// loop is held up, and how memory develops.
//
//   node bench/live.mjs [--cameras 4] [--fps 5] [--seconds 600] [--clip FILE]
//
// The cameras are ffmpeg processes on this machine that send FILE (by default the demo clip's first person, made 1280x720
// H.264 at 25 frames a second) again and again; they take their share of its cores. A result's age is the time of its
// arrival here less the capture time that it carries.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import WebSocket from 'ws';

import { buildRtspServer } from '../infra/rtsp/build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '4' },
    fps: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '600' },
    clip: { type: 'string' },
  },
});
const [cameras, fps, seconds] = [values.cameras, values.fps, values.seconds].map(Number);
const children = [];

/** H.264 1280x720 at 25 frames a second, 20 s, one face. */
function cameraClip() {
  const made = join(root, '.cache/bench/camera.mp4');
  if (!existsSync(made)) {
    mkdirSync(join(root, '.cache/bench'), { recursive: true });
    const filter = 'crop=208:344:8:8,scale=-2:720,pad=1280:720:(ow-iw)/2:0:gray';
    const encode = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-tune',
      'zerolatency',
      '-g',
      '25',
      '-b:v',
      '2M',
      '-an',
    ];
    execFileSync('ffmpeg', [
      '-nostdin',
      '-y',
      '-v',
      'error',
      '-i',
      join(root, 'test/media/clip.mp4'),
      '-vf',
      filter,
      ...encode,
      made,
    ]);
  }
  return made;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a process; resolves when a line on standard error matches. */
async function start(command, args, until) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  const lines = createInterface({ input: child.stderr });
  await new Promise((resolve, reject) => {
    lines.on('line', (line) => until.test(line) && resolve());
    child.once('exit', () => reject(new Error(`${command} ended before it was ready`)));
  });
  return child;
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const residentMb = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

try {
  const [rtspPort, port] = [await freePort(), await freePort()];
  await start(buildRtspServer(), ['-listen', `127.0.0.1:${rtspPort}`], /listening/);
  const clip = values.clip ?? cameraClip();
  const addresses = Array.from({ length: cameras }, (_, i) => `rtsp://127.0.0.1:${rtspPort}/camera${i + 1}`);
  for (const address of addresses) {
    const send = [
      '-re',
      '-stream_loop',
      '-1',
      '-i',
      clip,
      '-c',
      'copy',
      '-f',
      'rtsp',
      '-rtsp_transport',
      'tcp',
      address,
    ];
    spawn('ffmpeg', ['-nostdin', '-v', 'error', ...send], { stdio: 'ignore' }).once(
      'spawn',
      function spawned() {
        children.push(this);
      },
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const cli = join(root, 'apps/cli/bin/deadpan.js');
  const listen = `127.0.0.1:${port}`;
  const live = spawn(
    process.execPath,
    [cli, 'live', ...addresses, '--listen', listen, '--fps', `${fps}`, '--quiet'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  children.push(live);
  for (;;) {
    const ready = await fetch(`http://${listen}/readyz`).catch(() => null);
    if (ready?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }

  const ages = [];
  let measuring = false;
  const socket = new WebSocket(`ws://${listen}/v1/live`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', types: ['expression'] }));
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (measuring && message.type === 'expression') ages.push(Date.now() - Date.parse(message.at));
  });
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  measuring = true;
  const memory = [];
  const loop = [];
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    memory.push(Math.round(residentMb(live.pid)));
    const metrics = await (await fetch(`http://${listen}/metrics`)).text();
    loop.push(Number(/^nodejs_eventloop_lag_p99_seconds ([\d.e+-]+)/m.exec(metrics)?.[1]) * 1000);
  }
  const took = (performance.now() - began) / 1000;
  const status = await (await fetch(`http://${listen}/v1/cameras`)).json();
  ages.sort((a, b) => a - b);
  process.stdout.write(
    `${cameras} cameras 1280x720 at 25 frames/s, ${fps} analysed, ${took.toFixed(0)} s\n` +
      `results a second and camera  ${(ages.length / took / cameras).toFixed(2)}\n` +
      `age at the feed, ms          p50 ${quantile(ages, 0.5)}, p95 ${quantile(ages, 0.95)}, p99 ${quantile(ages, 0.99)}, most ${ages.at(-1)}\n` +
      `event loop delay p99, ms     median ${quantile(
        [...loop].sort((a, b) => a - b),
        0.5,
      ).toFixed(1)}, most ${Math.max(...loop).toFixed(1)}\n` +
      `resident memory, MB          ${memory.filter((_, i) => i % Math.ceil(memory.length / 20) === 0).join(' ')}\n` +
      `cameras                      ${JSON.stringify(status).slice(0, 2000)}\n`,
  );
  socket.close();
} finally {
  for (const child of children.reverse()) child.kill('SIGTERM');
}

// The broker goes away for a minute while the five services read live cameras, and two more processes a file to its end.
// Cameras drop and count, the file waits, memory stays bounded; once the broker is back all flows again.
//
//   node bench/kafka/outage.mjs [--seconds 60] [--cameras 2] [--fps 5]
//
// Exit code 0: every camera's results reached the feed within 10 s of the broker's return, the count of camera frames
// adds up, every frame of the file has its expressions, and the services said meanwhile that they were not ready.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import WebSocket from 'ws';

import { startBroker } from '../../infra/kafka/broker.mjs';
import { expressionCodec } from '../../libs/shared/dist/index.js';
import { TOPICS } from '../../libs/shared/dist/links/kafka/index.js';
import { clientOf, readAll } from '../../test/dist/kafka/kafka-under-test.js';
import { prepareServices, until } from '../../test/dist/kafka/services-under-test.js';
import { startCameras } from './cameras.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    cameras: { type: 'string', default: '2' },
    fps: { type: 'string', default: '5' },
  },
});
const [seconds, cameraCount] = [values.seconds, values.cameras].map(Number);
const clip = join(fileURLToPath(new URL('../..', import.meta.url)), 'test/media/clip.mp4');
const CLIP_FRAMES = 500;
const FLOWS_WITHIN_S = 10;
const say = (text) => process.stdout.write(`${text}\n`);

/** Resident memory of a process, MB. */
const residentMb = ({ child }) =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024);

/** Sums of ingest's counters. */
async function ingested({ url }) {
  const text = await (await fetch(`${await url}/metrics`)).text();
  const sum = (name) =>
    [...text.matchAll(new RegExp(`^${name}\\{(.*stage="ingest".*)\\} (\\S+)$`, 'gm'))].reduce(
      (total, [, , value]) => total + Number(value),
      0,
    );
  return {
    received: sum('deadpan_stage_received_total'),
    emitted: sum('deadpan_stage_emitted_total'),
    dropped: sum('deadpan_stage_dropped_total'),
  };
}

/** Names of the live services that say they are ready; the feed always is, for it shows what it has. */
async function readyOnes(running) {
  const answers = ['ingest', 'align', 'normalize', 'classify', 'feed'].map(async (name) => {
    const { status } = await fetch(`${await running[name].url}/readyz`);
    return status === 200 ? [name] : [];
  });
  return (await Promise.all(answers)).flat();
}

/** Results as the feed tells them: when it last said something of each camera that happened after `sinceMs`. */
async function watchFeed(feed) {
  const socket = new WebSocket(`${(await feed.url).replace('http', 'ws')}/v1/live`);
  let sinceMs = Infinity;
  let firsts = new Map();
  let enough = () => undefined;
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'hello') socket.send(JSON.stringify({ type: 'subscribe', types: ['expression'] }));
    if (message.type !== 'expression' || message.time * 1000 < sinceMs || firsts.has(message.camera)) return;
    firsts.set(message.camera, Date.now() - sinceMs);
    if (firsts.size === cameraCount) enough(firsts);
  });
  return {
    /** Resolves once there is a result of a frame taken after now, for every camera: milliseconds from now. */
    all() {
      sinceMs = Date.now();
      firsts = new Map();
      return new Promise((resolve) => {
        enough = resolve;
      });
    },
    close: () => socket.close(),
  };
}

const broker = await startBroker();
const cameras = await startCameras(cameraCount);
const live = await prepareServices(clientOf(broker));
const fileClient = clientOf(broker);
const files = await prepareServices(fileClient);
const probes = ['--listen', '127.0.0.1:0'];
try {
  const running = {};
  for (const name of ['feed', 'classify', 'normalize', 'align']) running[name] = live.start(name, ...probes);
  await Promise.all(Object.values(running).map(({ ready }) => ready));
  running.ingest = live.start('ingest', ...cameras.sources, '--fps', values.fps, ...probes);
  await running.ingest.ready;
  const feed = await watchFeed(running.feed);
  await feed.all();
  running['file: normalize,classify'] = files.start(
    ...['--stages', 'normalize,classify', '--until-end', ...probes],
  );
  running['file: ingest,align'] = files.start(
    ...['ingest', `clip=${clip}`, '--stages', 'ingest,align', '--until-end', ...probes],
  );
  const reading = running['file: ingest,align'];
  // The file is in the middle of it.
  await until(fileClient, TOPICS.expressions, expressionCodec, 0, ({ sequence }) => sequence >= 20);

  const memory = Object.fromEntries(
    Object.entries(running).map(([name, service]) => [
      name,
      { before: residentMb(service), most: 0, end: 0 },
    ]),
  );
  await broker.kill();
  say(`the broker is away for ${seconds} s`);
  const atLoss = { live: await ingested(running.ingest), file: await ingested(reading) };
  let fileAtHalf = atLoss.file;
  const awaySince = performance.now();
  while (performance.now() - awaySince < seconds * 1000) {
    await delay(1000);
    if (performance.now() - awaySince < seconds * 500) fileAtHalf = await ingested(reading);
    for (const [name, service] of Object.entries(running)) {
      if (service.child.exitCode !== null) throw new Error(`${name} ended:\n${service.said()}`);
      memory[name].end = residentMb(service);
      memory[name].most = Math.max(memory[name].most, memory[name].end);
    }
  }
  const readyWhileAway = await readyOnes(running);
  const atReturn = { live: await ingested(running.ingest), file: await ingested(reading) };
  await broker.restart();
  const back = performance.now();
  const firsts = await Promise.race([feed.all(), delay(60_000)]);
  const flows = firsts === undefined ? Infinity : Math.max(...firsts.values()) / 1000;
  for (const name of ['file: ingest,align', 'file: normalize,classify']) {
    if ((await running[name].ended) !== 0) throw new Error(running[name].said());
  }
  const readyAgain = await readyOnes(running);
  const fileTook = (performance.now() - back) / 1000;
  const frames = new Set(
    (await readAll(fileClient, TOPICS.expressions.name))
      .filter(({ value }) => value !== null)
      .map(({ headers }) => headers.ce_id.split('/').slice(0, 3).join('/')),
  );

  const grown = (key) => atReturn.live[key] - atLoss.live[key];
  const unexplained = grown('received') - grown('emitted') - grown('dropped');
  say(
    `cameras   while it was away ${grown('received')} frames came, ${grown('emitted')} were taken, ${grown('dropped')} dropped and counted, ${unexplained} on their way`,
  );
  say(
    `file      read on by ${fileAtHalf.emitted - atLoss.file.emitted} frames, then by ${atReturn.file.emitted - fileAtHalf.emitted} in the second half; ${frames.size} of ${CLIP_FRAMES} frames have results, all ${fileTook.toFixed(1)} s after the return`,
  );
  for (const [name, { before, most, end }] of Object.entries(memory))
    say(`memory    ${name.padEnd(24)} ${before} MB before, at most ${most}, ${end} at the end`);
  say(`return    results of every camera at the feed after ${flows.toFixed(1)} s`);
  say(`ready     while it was away: ${readyWhileAway.join(' ')}; after: ${readyAgain.join(' ')}`);
  feed.close();
  const isRight =
    flows <= FLOWS_WITHIN_S &&
    Math.abs(unexplained) <= 4 * cameraCount &&
    frames.size === CLIP_FRAMES &&
    readyWhileAway.join() === 'feed' &&
    readyAgain.length === 5;
  process.exitCode = isRight ? 0 : 1;
} finally {
  await live.close();
  await files.close();
  await cameras.stop();
  await broker.stop();
}

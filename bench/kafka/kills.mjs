// Proof that faults cost nothing: clips stream through the five services, each a process of its own, on a real broker. Every
// service is killed (SIGKILL) in turn at random moments and started again, and the broker is killed twice. The windows that
// come out must be those of a run that nobody disturbed, value by value.
//
//   node bench/kafka/kills.mjs [--kills 20] [--clips 6] [--seed 1] [--fps 12.5]
//
// Exit code 0: nothing is missing, nothing is new, nothing has two contents.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startBroker } from '../../infra/kafka/broker.mjs';
import { clientOf } from '../../test/dist/kafka/kafka-under-test.js';
import { emotionsById, prepareServices } from '../../test/dist/kafka/services-under-test.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    clips: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    fps: { type: 'string', default: '12.5' },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const clip = join(root, 'test/media/clip.mp4');
const clips = Array.from({ length: Number(values.clips) }, (_, i) => `clip-${i + 1}=${clip}`);
const commands = {
  classify: ['classify', '--until-end'],
  normalize: ['normalize', '--until-end'],
  align: ['align', '--until-end'],
  ingest: ['ingest', ...clips, '--until-end', '--fps', values.fps],
};
const say = (text) => process.stdout.write(`${text}\n`);

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomNumbers(Number(values.seed));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs the clips through; `disturb` is given what runs and kills at will. Resolves with the windows by id. */
async function windowsOf(broker, disturb) {
  const client = clientOf(broker, { partitions: 4, sessionTimeout: 4 });
  const services = await prepareServices(client);
  const running = {};
  const start = (name) => {
    running[name] = services.start(...commands[name]);
    return running[name].ready;
  };
  const startFeed = () => {
    running.feed = services.start('feed', '--listen', '127.0.0.1:0');
    return running.feed.ready;
  };
  try {
    const began = performance.now();
    await startFeed();
    for (const name of Object.keys(commands)) start(name);
    const hasEnded = Promise.all(
      Object.keys(commands).map(async (name) => {
        for (;;) {
          const service = running[name];
          const code = await service.ended;
          if (code === 0) return;
          if (code !== null) throw new Error(`${name} ended with exit code ${code}:\n${service.said()}`);
          // Killed: the next one takes its place.
          while (running[name] === service) await pause(50);
        }
      }),
    );
    const again = (name) => (name === 'feed' ? startFeed() : start(name));
    await Promise.all([hasEnded, disturb?.(running, again)]);
    running.feed.child.kill('SIGTERM');
    if ((await running.feed.ended) !== 0) throw new Error(running.feed.said());
    const found = await emotionsById(client);
    return { ...found, seconds: (performance.now() - began) / 1000 };
  } finally {
    await services.close();
  }
}

const killed = {};
async function disturb(broker, running, again) {
  const names = ['ingest', 'align', 'normalize', 'classify', 'feed'];
  const kills = Number(values.kills);
  // The broker is killed twice, at a third and at two thirds.
  const brokerAt = [Math.floor(kills / 3), Math.floor((2 * kills) / 3)];
  for (let i = 0; i < kills; i += 1) {
    await pause(300 + random() * 3000);
    if (brokerAt.includes(i)) {
      say(`kill ${i + 1}: with the broker`);
      killed.broker = (killed.broker ?? 0) + 1;
      await broker.restart();
    }
    const name = names[i % names.length];
    const { child, ended } = running[name];
    if (child.exitCode !== null) throw new Error(`${name} had ended before kill ${i + 1}: stream more clips`);
    child.kill('SIGKILL');
    await ended;
    killed[name] = (killed[name] ?? 0) + 1;
    say(`kill ${i + 1}: ${name}`);
    await again(name);
  }
}

const broker = await startBroker();
try {
  const calm = await windowsOf(broker);
  say(`undisturbed: ${calm.byId.size} windows in ${calm.seconds.toFixed(0)} s`);
  const rough = await windowsOf(broker, (running, again) => disturb(broker, running, again));
  const text = (emotion) => JSON.stringify(emotion);
  const missing = [...calm.byId.keys()].filter((id) => !rough.byId.has(id));
  const added = [...rough.byId.keys()].filter((id) => !calm.byId.has(id));
  const other = [...calm.byId].filter(
    ([id, emotion]) => rough.byId.has(id) && text(rough.byId.get(id)) !== text(emotion),
  );
  const counts = {
    ...{ windows: rough.byId.size, records: rough.records, repeated: rough.records - rough.byId.size },
    ...{
      missing: missing.length,
      added: added.length,
      different: other.length,
      twoContents: rough.changed.length,
    },
  };
  say(`killed: ${JSON.stringify(killed)}`);
  say(`disturbed: ${JSON.stringify(counts)} in ${rough.seconds.toFixed(0)} s`);
  for (const id of [...missing, ...added, ...rough.changed].slice(0, 10)) say(`  ${id}`);
  for (const [id, emotion] of other.slice(0, 5))
    say(`  ${id}\n    ${text(emotion)}\n    ${text(rough.byId.get(id))}`);
  const wrong = missing.length + added.length + other.length + rough.changed.length + calm.changed.length;
  process.exitCode = wrong === 0 && calm.byId.size > 0 ? 0 : 1;
} finally {
  await broker.stop();
}

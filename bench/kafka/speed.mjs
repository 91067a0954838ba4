// Throughput of the Kafka path beside the embedded one: the same frames through `analyze`, and through
// `ingest,align` | `normalize` | `classify` on a real broker, all on this machine.
//
//   node bench/kafka/speed.mjs [--rounds 3] [--repeats 3] [--workers N]
//
// The clip is the demo's, REPEATS times over. Both clocks run from the start of the process that reads the file to the end
// of the last result; the other services and the broker run already. CPU seconds are those of each process in that time.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startBroker } from '../../infra/kafka/broker.mjs';
import { clientOf } from '../../test/dist/kafka/kafka-under-test.js';
import { emotionsById, prepareServices } from '../../test/dist/kafka/services-under-test.js';
import { watchCpu } from './cpu.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '3' },
    workers: { type: 'string' },
  },
});
const repeats = Number(values.repeats);
const frames = 500 * repeats;
const settings = values.workers === undefined ? {} : { inference: { workers: Number(values.workers) } };

function longClip() {
  const made = join(root, `.cache/bench/clip-${repeats}.mp4`);
  if (!existsSync(made)) {
    mkdirSync(join(root, '.cache/bench'), { recursive: true });
    const input = ['-stream_loop', String(repeats - 1), '-i', join(root, 'test/media/clip.mp4')];
    execFileSync('ffmpeg', ['-nostdin', '-y', '-v', 'error', ...input, '-c', 'copy', made]);
  }
  return made;
}

async function embedded(clip) {
  const out = mkdtempSync(join(tmpdir(), 'deadpan-speed-'));
  const began = performance.now();
  const cli = join(root, 'apps/cli/bin/deadpan.js');
  const child = spawn(process.execPath, [cli, 'analyze', clip, '--out', out, '--quiet'], { stdio: 'ignore' });
  const cpu = watchCpu({ analyze: child.pid });
  const [code] = await once(child, 'exit');
  rmSync(out, { recursive: true });
  if (code !== 0) throw new Error(`analyze ended with exit code ${code}`);
  return { seconds: (performance.now() - began) / 1000, cpu: cpu() };
}

async function overKafka(broker, clip) {
  const client = clientOf(broker);
  const services = await prepareServices(client, settings);
  try {
    const names = ['classify', 'normalize'];
    const running = names.map((name) => services.start(name, '--until-end'));
    await Promise.all(running.map(({ ready }) => ready));
    const began = performance.now();
    const first = services.start('ingest', `clip=${clip}`, '--stages', 'ingest,align', '--until-end');
    const cpu = watchCpu({
      'ingest,align': first.child.pid,
      normalize: running[1].child.pid,
      classify: running[0].child.pid,
      broker: broker.pid,
    });
    for (const { ended, said } of [first, ...running]) if ((await ended) !== 0) throw new Error(said());
    const seconds = (performance.now() - began) / 1000;
    const { byId } = await emotionsById(client);
    return { seconds, cpu: cpu(), windows: byId.size };
  } finally {
    await services.close();
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const line = (name, { seconds, cpu }) =>
  `${name.padEnd(9)} ${(frames / seconds).toFixed(1).padStart(6)} frames/s in ${seconds.toFixed(1)} s; CPU s: ${Object.entries(
    cpu,
  )
    .map(([part, spent]) => `${part} ${spent.toFixed(1)}`)
    .join(', ')}\n`;

const clip = longClip();
const broker = await startBroker();
try {
  const shares = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const alone = await embedded(clip);
    process.stdout.write(line('embedded', alone));
    const linked = await overKafka(broker, clip);
    process.stdout.write(line('kafka', linked));
    const sum = ({ cpu }) => Object.values(cpu).reduce((total, spent) => total + spent, 0);
    shares.push({ speed: alone.seconds / linked.seconds, cpu: sum(alone) / sum(linked) });
  }
  process.stdout.write(
    `Kafka at ${(100 * median(shares.map(({ speed }) => speed))).toFixed(0)} % of embedded; by CPU time ${(100 * median(shares.map(({ cpu }) => cpu))).toFixed(0)} %\n`,
  );
} finally {
  await broker.stop();
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { findFfmpeg } from '@deadpan/ingest';
import { autoDevice, openEngine, readFerModel, readHngModel } from '@deadpan/nets';
import { DeadpanError, sentenceOf } from '@deadpan/shared';
import type { Command } from 'commander';
import { stringify } from 'yaml';

import { modelFolder } from '../models-folder.js';
import { tuneInference, workerCounts } from '../tuning/tune-inference.js';
import { writeOptions } from '../tuning/write-options.js';
import { version } from '../version.js';
import { effectiveConfig } from './config.js';

/** One line of the doctor's findings. */
interface Finding {
  readonly part: string;
  /** What was found, or the sentence that says what is missing and how to get it. */
  readonly says: string;
  readonly state: 'ok' | 'missing' | 'optional';
}

/** Adds `doctor`: what is installed, what is missing and how to get it. Ends with 3 when something is missing. */
export function addDoctorCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('doctor')
    .description('Says what is installed, what is missing and how to get it.')
    .option('--json', 'print the findings as JSON')
    .option(
      '--tune',
      'measure which inference.workers and inference.batchSize are fastest here: a minute at most',
    )
    .option(
      '--config <file>',
      'with --tune: write them into this configuration file instead of printing them',
    )
    .action(async (options: { json?: boolean; tune?: boolean; config?: string }) => {
      if (options.tune === true) {
        await tune(options.config);
        finish(0);
        return;
      }
      if (options.config !== undefined) {
        throw new DeadpanError('E_USAGE', 'doctor reads no configuration: --config goes with --tune.', {
          advice: 'deadpan config check says whether a configuration is valid.',
        });
      }
      const findings = await examine();
      if (options.json === true) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else
        for (const { part, says, state } of findings)
          process.stdout.write(`${state.padEnd(9)}${part.padEnd(12)}${says}\n`);
      finish(findings.some(({ state }) => state === 'missing') ? 3 : 0);
    });
}

/** All trials together take this long at most, seconds, loading aside. */
const TUNING_SECONDS = 40;
const BATCH_SIZES = [4, 8, 16, 32];
/** Programs that wanted a core in the last minute, from which on a measurement is not to be trusted. */
const BUSY = 0.5;

/** Measures what is fastest and writes it into the file, or prints it. */
async function tune(file: string | undefined): Promise<void> {
  const { device } = effectiveConfig(file === undefined || existsSync(file) ? file : undefined).inference;
  const workers = workerCounts(availableParallelism());
  const seconds = Math.min(3, TUNING_SECONDS / (workers.length * BATCH_SIZES.length));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const [load = 0] = loadavg();
  if (load > BUSY)
    say(`Other programs are at work (load ${load.toFixed(1)}): what is fastest may be another now.`);
  say('workers  batchSize  faces/s');
  const plan = { device, workers, batchSizes: BATCH_SIZES, seconds };
  const { best } = await tuneInference(plan, (trial) => {
    const { workers: count, batchSize, facesPerSecond } = trial;
    say(`${`${count}`.padStart(7)}  ${`${batchSize}`.padStart(9)}  ${facesPerSecond.toFixed(0).padStart(7)}`);
  });
  const options = { workers: best.workers, batchSize: best.batchSize };
  if (file === undefined) {
    process.stdout.write(stringify({ inference: options }));
  } else {
    await writeOptions(file, 'inference', options);
    process.stdout.write(
      `inference.workers ${best.workers} and inference.batchSize ${best.batchSize} are in ${file}.\n`,
    );
  }
}

async function examine(): Promise<Finding[]> {
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    { part: 'deadpan', says: version, state: 'ok' },
    {
      part: 'machine',
      says: `Node ${process.versions.node}, ${availableParallelism()} cores, ${memory} GiB`,
      state: 'ok',
    },
    await finding('ffmpeg', async () => {
      const ffmpeg = await findFfmpeg();
      return `${ffmpeg.version} (${ffmpeg.path}, from ${ffmpeg.source})`;
    }),
    await finding('onnxruntime', async () => {
      await openDevice('auto');
      return `loads; device auto is ${autoDevice()} here`;
    }),
    await optional('cuda', async () => {
      await openDevice('cuda');
      return 'opens a network; device cuda';
    }),
    await optional('webgpu', async () => {
      await openDevice('webgpu');
      return 'opens a network; device webgpu';
    }),
    await optional('tfjs', async () => {
      await openEngine('tfjs');
      return 'native TensorFlow loads; device tfjs and training';
    }),
    await finding('model fer', async () => describe((await readFerModel(modelFolder('fer'))).artifact)),
    await finding('model hng', async () => describe((await readHngModel(modelFolder('hng'))).artifact)),
  ];
}

/**
 * Opens a network on a device, in a process of its own: graphics drivers write to stderr past the logger.
 * @throws Error with the sentence that says why it does not open
 */
async function openDevice(device: 'auto' | 'cuda' | 'webgpu'): Promise<void> {
  const program = fileURLToPath(new URL('open-device.js', import.meta.url));
  const child = spawn(process.execPath, [program, device], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return;
  if (device === 'webgpu' && said.includes('adapter')) {
    throw new Error(
      'onnxruntime finds no graphics adapter here: WebGPU needs one, with a driver of Vulkan, Metal or Direct3D 12.',
    );
  }
  throw new Error(
    said.replace(/\s+/g, ' ').trim() || `onnxruntime ended by ${signal ?? `exit code ${code}`}.`,
  );
}

const describe = ({
  name,
  version: release,
  weights,
  sha256,
}: {
  name: string;
  version: string;
  weights: string;
  sha256: string;
}): string => `${name} ${release}, ${weights} (SHA-256 ${sha256.slice(0, 12)}...)`;

async function finding(part: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { part, says: await look(), state: 'ok' };
  } catch (error) {
    return { part, says: sentenceOf(error), state: 'missing' };
  }
}

/** The same for what analysis works without. */
async function optional(part: string, look: () => Promise<string>): Promise<Finding> {
  const found = await finding(part, look);
  return found.state === 'ok' ? found : { ...found, state: 'optional' };
}

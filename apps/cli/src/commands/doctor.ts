import { availableParallelism, totalmem } from 'node:os';

import { findFfmpeg } from '@deadpan/ingest';
import { openEngine, readFerModel, readHngModel } from '@deadpan/nets';
import { sentenceOf } from '@deadpan/shared';
import type { Command } from 'commander';

import { modelFolder } from '../models-folder.js';
import { version } from '../version.js';

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
    .action(async (options: { json?: boolean }) => {
      const findings = await examine();
      if (options.json === true) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else
        for (const { part, says, state } of findings)
          process.stdout.write(`${state.padEnd(9)}${part.padEnd(12)}${says}\n`);
      finish(findings.some(({ state }) => state === 'missing') ? 3 : 0);
    });
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
      await openEngine('auto');
      return 'loads; device auto and cpu';
    }),
    await optional('tfjs', async () => {
      await openEngine('tfjs');
      return 'native TensorFlow loads; device tfjs and training';
    }),
    await finding('model fer', async () => describe((await readFerModel(modelFolder('fer'))).artifact)),
    await finding('model hng', async () => describe((await readHngModel(modelFolder('hng'))).artifact)),
  ];
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

import { availableParallelism } from 'node:os';

import { findFfmpeg } from '@deadpan/ingest';
import { createInferencePool } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { InvalidArgumentError, Option, type Command } from 'commander';

import { analyzeRun } from '../analysis/analyze-run.js';
import { createProgress } from '../analysis/progress.js';
import { printRunTable } from '../analysis/run-table.js';
import { createStageSet } from '../pipeline/stages.js';
import { CONFIG_OPTION, effectiveConfig } from './config.js';

interface AnalyzeFlags {
  readonly out: string;
  readonly fps?: number;
  readonly start?: number;
  readonly end?: number;
  readonly references?: boolean;
  readonly annotate?: boolean;
  readonly format?: 'py-feat' | 'openface' | 'parquet';
  readonly jobs: number;
  readonly shard?: { readonly index: number; readonly count: number };
  readonly force?: boolean;
  readonly checkpoint: number;
  readonly config?: string;
  readonly device?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `analyze`: videos and images to tables and reports. */
export function addAnalyzeCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('analyze')
    .description('Analyses videos and images: tables, a timeline and a report for each.')
    .argument('<input...>', 'files, folders (recursive) or globs of videos and images')
    .requiredOption('--out <dir>', 'folder of the results')
    .option('--fps <n>', 'analysed frames a second, sampled by time (default: every frame)', positive)
    .option('--start <seconds>', 'begin of the part to analyse', seconds)
    .option('--end <seconds>', 'end of the part to analyse', seconds)
    .option('--references', 'keep pictures of faces and of their generated neutral references')
    .option('--annotate', 'write annotated.mp4: boxes, tracks, expressions and references over the video')
    .addOption(
      new Option(
        '--format <format>',
        'a further table: py-feat or openface beside faces.csv, parquet once for all inputs',
      ).choices(['py-feat', 'openface', 'parquet']),
    )
    .option('--jobs <n>', 'inputs worked on side by side, 1 to 64', jobs, Math.min(2, availableParallelism()))
    .option('--shard <i/n>', 'only every n-th input, beginning with the i-th (from 1)', shard)
    .option('--force', 'do again what is done, from the beginning')
    .option(
      '--checkpoint <seconds>',
      'work after which an input could go on from there, were it interrupted',
      seconds,
      30,
    )
    .option(...CONFIG_OPTION)
    .option('--device <device>', 'what runs the networks: auto, cpu, webgpu, cuda or tfjs')
    .option('--quiet', 'no progress')
    .option('--json', 'print the record of the run as JSON instead of a table')
    .action(async (inputs: string[], flags: AnalyzeFlags) => {
      if (flags.start !== undefined && flags.end !== undefined && flags.end <= flags.start) {
        throw new DeadpanError('E_USAGE', `--end (${flags.end} s) must be after --start (${flags.start} s).`);
      }
      const config = effectiveConfig(flags.config, {
        'ingest.fps': flags.fps,
        'inference.device': flags.device,
      });
      const { device, workers } = config.inference;
      const pool = createInferencePool({ device, ...(workers === 0 ? {} : { workers }) });
      const interruption = new AbortController();
      const interrupt = (): void => {
        interruption.abort();
      };
      process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
      try {
        const [ffmpeg, stages] = await Promise.all([findFfmpeg(), createStageSet(pool, config)]);
        const records = await analyzeRun({
          inputs,
          out: flags.out,
          config,
          ffmpeg,
          stages,
          start: flags.start ?? null,
          end: flags.end ?? null,
          references: flags.references ?? false,
          annotate: flags.annotate ?? false,
          format: flags.format ?? null,
          jobs: flags.jobs,
          shard: flags.shard ?? null,
          force: flags.force ?? false,
          checkpointEvery: flags.checkpoint,
          progress: createProgress({ quiet: flags.quiet ?? false }),
          signal: interruption.signal,
        });
        if (flags.json === true) process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);
        else printRunTable(records, flags.out);
        finish(records.some(({ state }) => state === 'failed') ? 1 : 0);
      } finally {
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
        await pool.close();
      }
    });
}

function number(text: string, says: string, holds: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || !holds(value)) throw new InvalidArgumentError(says);
  return value;
}
const positive = (text: string): number => number(text, 'It must be a number over 0.', (value) => value > 0);
const seconds = (text: string): number => number(text, 'It must be seconds, from 0.', (value) => value >= 0);
const jobs = (text: string): number =>
  number(
    text,
    'It must be a whole number from 1 to 64.',
    (value) => Number.isInteger(value) && value >= 1 && value <= 64,
  );

function shard(text: string): { index: number; count: number } {
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > count)
    throw new InvalidArgumentError('It must be I/N with I from 1 to N, such as 1/4.');
  return { index: index - 1, count };
}

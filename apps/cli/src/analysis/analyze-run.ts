import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expandInputs, openFile, type ExpandedInput, type Ffmpeg } from '@deadpan/ingest';
import { DeadpanError, sentenceOf, type Expression } from '@deadpan/shared';

import type { DeadpanConfig } from '../config.js';
import type { StageSet } from '../pipeline/stages.js';
import { annotate } from '../report/annotate.js';
import { annotatedFrames } from '../report/annotated-frames.js';
import { createAtomicFolder } from '../report/atomic-folder.js';
import type { Table } from '../report/csv-table.js';
import { writing } from '../report/output-error.js';
import { openOpenFaceTable } from '../report/openface-table.js';
import { openPyFeatTable } from '../report/py-feat-table.js';
import { version } from '../version.js';
import { writeArchive } from './archive.js';
import { analyzeInput } from './input-analysis.js';
import { RESULT_FILES, SEAL, writeResults } from './input-results.js';
import {
  fingerprintOf,
  readRunRecord,
  stageReports,
  writeRunRecord,
  type InputRecord,
} from './run-record.js';

/** What `analyze` was asked to do. */
export interface AnalyzeOptions {
  readonly inputs: readonly string[];
  /** Output folder. */
  readonly out: string;
  readonly config: DeadpanConfig;
  readonly ffmpeg: Ffmpeg;
  /** The line, made for one input at a time. */
  readonly stages: StageSet;
  /** The part of the media to analyse, seconds; null for the beginning and the end. */
  readonly start: number | null;
  readonly end: number | null;
  readonly references: boolean;
  readonly annotate: boolean;
  /** A further table beside faces.csv; null for none. `parquet` is written once for all inputs. */
  readonly format: 'py-feat' | 'openface' | 'parquet' | null;
  /** Inputs worked on side by side. */
  readonly jobs: number;
  /** Every N-th input, beginning with the index-th; null for all. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  /** Do again what is done. */
  readonly force: boolean;
  readonly progress: AnalyzeProgress;
  readonly signal: AbortSignal;
}

/** Told how it goes. */
export interface AnalyzeProgress {
  planned(inputs: number): void;
  started(input: string, durationUs: number | null): void;
  advanced(input: string, timeUs: number, frames: number): void;
  finished(record: InputRecord): void;
}

/**
 * Analyses inputs into folders of their own and writes `run.json`. An input that fails leaves nothing half-written and
 * stops no other; what an earlier run has done with the same file, configuration and models is not done again.
 * @returns the record of every input, in the order of the inputs
 * @throws DeadpanError E_OUTPUT when `run.json` cannot be written, E_INTERRUPTED when `signal` aborted: finished inputs stay
 */
export async function analyzeRun(options: AnalyzeOptions): Promise<readonly InputRecord[]> {
  const { out, config, stages, jobs, shard, force, progress, signal } = options;
  const { inputs: all, failures } = await expandInputs(options.inputs);
  const inputs = shard === null ? all : all.filter((_, i) => i % shard.count === shard.index);
  const earlier = new Map((await readRunRecord(out))?.inputs.map((record) => [record.output, record]));
  const records = new Map<string, InputRecord>();
  await writing(out, () => mkdir(out, { recursive: true }));
  progress.planned(inputs.length + failures.length);

  for (const { input, error } of failures)
    finish(`missing: ${input}`, { ...failed(input, '', error), output: '' });
  const queue = [...inputs];
  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      const record = await analyzeOne(next);
      if (record !== null) finish(next.output, record);
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, inputs.length) }, work));

  const ordered = [...failures.map(({ input }) => `missing: ${input}`), ...inputs.map(({ output }) => output)]
    .map((key) => records.get(key))
    .filter((record) => record !== undefined);
  const { ingest, align, inference, window } = config;
  const configuration = { ingest, align, inference, window };
  await writeRunRecord(out, { version, models: stages.models, configuration, inputs: ordered });
  await writeArchive(out, ordered, options.format === 'parquet');
  if (signal.aborted) {
    throw new DeadpanError(
      'E_INTERRUPTED',
      'Interrupted. What was finished stays; the same command goes on with the rest.',
    );
  }
  return ordered;

  function finish(key: string, record: InputRecord): void {
    records.set(key, record);
    progress.finished(record);
  }

  /** Null where it was interrupted. */
  async function analyzeOne({ path, output }: ExpandedInput): Promise<InputRecord | null> {
    const started = performance.now();
    let fingerprint = '';
    try {
      const { ingest, align, window } = config;
      const { start, end, references, annotate: annotated, format } = options;
      const scope = [ingest, align, window, start, end, references, annotated, format];
      fingerprint = await fingerprintOf(path, scope, stages.models);
      const before = earlier.get(output);
      if (
        !force &&
        before?.fingerprint === fingerprint &&
        before.state !== 'failed' &&
        (await isSealed(join(out, output)))
      ) {
        return { ...before, input: path, state: 'skipped' };
      }
      return await analyzeNew(path, output, fingerprint, started);
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      if (error.code === 'E_INTERRUPTED') return null;
      return { ...failed(path, output, error), fingerprint, seconds: secondsSince(started) };
    }
  }

  async function analyzeNew(
    path: string,
    output: string,
    fingerprint: string,
    started: number,
  ): Promise<InputRecord> {
    const { ingest, inference } = config;
    const source = await openFile(path, {
      ffmpeg: options.ffmpeg,
      camera: output,
      maxSide: ingest.maxSide,
      maxPixels: ingest.maxPixels,
      maxUnreleased: FRAMES_WITH_PIXELS,
      ...(ingest.fps === null ? {} : { fps: ingest.fps }),
      ...(options.start === null ? {} : { startUs: Math.round(options.start * 1e6) }),
      ...(options.end === null ? {} : { endUs: Math.round(options.end * 1e6) }),
    });
    try {
      progress.started(path, source.info.durationUs);
      const folder = await createAtomicFolder(join(out, output), { names: [...RESULT_FILES], seal: SEAL });
      try {
        const spoolPath = options.annotate ? `${folder.path}.references` : null;
        const { format } = options;
        const analysis = await analyzeInput(source, {
          folder: folder.path,
          spoolPath,
          foreignTable: await openForeignTable(format, folder.path, path),
          stages: stages.forInput(),
          batchSize: inference.batchSize,
          batchDelayMs: inference.batchDelay,
          references: options.references,
          onProgress: (timeUs, frames) => {
            progress.advanced(path, timeUs, frames);
          },
          signal,
        });
        const { record, counts, failure, deadLetters } = analysis;
        if (failure !== null && record.frames === 0) throw failure;
        if (spoolPath !== null) {
          try {
            await annotate({
              ffmpeg: options.ffmpeg,
              input: path,
              kind: source.info.kind,
              width: source.info.width,
              height: source.info.height,
              output: join(folder.path, 'annotated.mp4'),
              frames: annotatedFrames(join(folder.path, 'faces.csv'), spoolPath),
              fps: ingest.fps,
              start: options.start,
              end: options.end,
              signal,
            });
          } finally {
            await rm(spoolPath, { force: true });
          }
        }
        await writeResults(analysis, {
          folder: folder.path,
          input: path,
          info: source.info,
          framesRead: source.framesRead,
          models: stages.models,
          settings: settingsOf(options),
          extras: [
            ...(spoolPath === null ? [] : ['annotated.mp4']),
            ...(format === 'py-feat' || format === 'openface' ? [`${format}.csv`] : []),
          ],
        });
        await folder.publish();
        const dead =
          deadLetters.length === 0
            ? null
            : `${deadLetters.length} records could not be worked on: see dead-letters.ndjson`;
        return {
          input: path,
          output,
          state: failure === null && dead === null ? 'done' : 'failed',
          reason: failure === null ? dead : sentenceOf(failure),
          fingerprint,
          frames: record.frames,
          faces: record.faces,
          tracks: record.tracks.length,
          seconds: secondsSince(started),
          stages: stageReports(counts),
        };
      } catch (error) {
        await folder.discard();
        throw error;
      }
    } finally {
      await source.close();
    }
  }
}

/** Frames of an input whose pixels are in memory: enough that the decoder and the workers never wait for each other. */
const FRAMES_WITH_PIXELS = 8;

const secondsSince = (started: number): number => Math.round(performance.now() - started) / 1000;

function failed(input: string, output: string, error: DeadpanError): InputRecord {
  const nothing = { fingerprint: '', frames: 0, faces: 0, tracks: 0, seconds: 0, stages: {} };
  return { input, output, state: 'failed', reason: sentenceOf(error), ...nothing };
}

async function isSealed(folder: string): Promise<boolean> {
  return access(join(folder, SEAL)).then(
    () => true,
    () => false,
  );
}

function openForeignTable(
  format: AnalyzeOptions['format'],
  folder: string,
  input: string,
): Promise<Table<Expression>> | null {
  if (format === 'py-feat') return openPyFeatTable(join(folder, 'py-feat.csv'), input);
  if (format === 'openface') return openOpenFaceTable(join(folder, 'openface.csv'));
  return null;
}

function settingsOf({ config, start, end }: AnalyzeOptions): (readonly [string, string])[] {
  const { ingest, window } = config;
  return [
    ['analysed', ingest.fps === null ? 'every frame' : `${ingest.fps} frames a second`],
    ...(start === null ? [] : [['from', `${start} s`] as const]),
    ...(end === null ? [] : [['to', `${end} s`] as const]),
    ['window', `${window.size} s every ${window.hop} s`],
  ];
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expandInputs, openFile, type Ffmpeg, type FileInfo } from '@deadpan/ingest';
import { DeadpanError, sentenceOf, type Expression } from '@deadpan/shared';

import type { DeadpanConfig } from '../config.js';
import type { StageSet } from '../pipeline/stages.js';
import { annotatedFrames } from '../report/annotated-frames.js';
import { createAtomicFolder, hiddenFolder, makeFolder, refuseForeign } from '../report/atomic-folder.js';
import type { Table } from '../report/csv-table.js';
import { isThere } from '../report/is-there.js';
import { lockFolder, lockPath } from '../report/folder-lock.js';
import { writing } from '../report/output-error.js';
import { openOpenFaceTable } from '../report/openface-table.js';
import { openPyFeatTable } from '../report/py-feat-table.js';
import { version } from '../version.js';
import { writeArchive } from './archive.js';
import { CHECKPOINT_FILES, hasCheckpoint, readCheckpoint, type Checkpoint } from './checkpoint.js';
import { folderRecord, readOwnRecord, recordOf, writeFolderRecord } from './folder-record.js';
import { analyzeInput } from './input-analysis.js';
import { madeFrom as madeFromNow, type MadeFrom, type ResultOptions } from './made-from.js';
import { currentRecord, planInputs, resultsAt, type PlannedInput } from './plan.js';
import { RESULTS, SEAL } from './result-files.js';
import { stageReports, writeRunRecord, type InputRecord } from './run-record.js';

/** What `analyze` was asked to do. */
export interface AnalyzeOptions extends ResultOptions {
  readonly inputs: readonly string[];
  /** Output folder. */
  readonly out: string;
  readonly config: DeadpanConfig;
  readonly ffmpeg: Ffmpeg;
  /** The line, made for one input at a time. */
  readonly stages: StageSet;
  /** Inputs worked on side by side. */
  readonly jobs: number;
  /** Every N-th input, beginning with the index-th; null for all. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  /** Do again what is done, from the beginning. */
  readonly force: boolean;
  /** Seconds of work from one checkpoint of an input to the next. */
  readonly checkpointEvery: number;
  readonly progress: AnalyzeProgress;
  readonly signal: AbortSignal;
}

/** Told how it goes. */
export interface AnalyzeProgress {
  /** What there is to do, and how many names lead to nothing. */
  planned(plan: readonly PlannedInput[], failures: number): void;
  /** An input begins, after the frames that an interrupted run had done. */
  started(input: string, durationUs: number | null, framesBefore: number): void;
  /** Frames so far, those of an interrupted run among them. */
  advanced(input: string, timeUs: number, frames: number): void;
  finished(record: InputRecord): void;
  /** Something that a person should know. */
  said(sentence: string): void;
  /** No input is worked on any more, because all are finished or it was interrupted. */
  ended(): void;
}

/**
 * Analyses inputs into folders of their own and writes `run.json` and `index.html`. An input that fails leaves nothing
 * half-written and stops no other. What an earlier run has done with the same file, options and models is not done again,
 * and an input in which it was interrupted goes on from its last checkpoint.
 *
 * Several runs with different shards may write into one folder at the same time. Each writes the record and the index
 * of all that is finished by then, so the last one's are those of one run over everything.
 * @returns the record of every input of this run, in the order of the inputs
 * @throws DeadpanError E_OUTPUT when `run.json` cannot be written, E_INTERRUPTED when `signal` aborted: finished inputs stay;
 * E_MODEL_INVALID or E_ENGINE at once where a network cannot be loaded
 */
export async function analyzeRun(options: AnalyzeOptions): Promise<readonly InputRecord[]> {
  const { out, config, stages, jobs, shard, progress } = options;
  if (options.annotate) await (await import('../report/annotate.js')).checkEncoder(options.ffmpeg);
  const hasResults = async (path: string, output: string) =>
    (await readOwnRecord(out, output, path)) !== null;
  const { inputs: all, failures } = await expandInputs(options.inputs, out, hasResults);
  const inputs = shard === null ? all : all.filter((_, i) => i % shard.count === shard.index);
  const records = new Map<string, InputRecord>();
  /** Of inputs that another run is at work on: what becomes of them is for that one to say. */
  const elsewhere = new Map<string, InputRecord>();
  await writing(out, () => makeFolder(out));
  const { plan, refused } = await planInputs(inputs, { ...options, models: stages.models });
  const missing = [...failures, ...refused].map(({ input, error }) => failed(input, '', error));
  progress.planned(plan, missing.length);
  for (const record of missing) progress.finished(record);
  for (const { path, output, done } of plan) {
    if (done === null) continue;
    await clearBeside(join(out, output));
    finish(recordOf(path, output, done));
  }

  const queue = plan.filter(({ done }) => done === null);
  const unusable = new AbortController();
  if (queue.length > 0) {
    // A network that cannot be loaded would fail every face of every input.
    stages.loaded.catch((error: unknown) => {
      unusable.abort(error);
    });
  }
  const signal = AbortSignal.any([options.signal, unusable.signal]);
  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      await takeOn(next);
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, work)).finally(() => {
    progress.ended();
  });

  unusable.signal.throwIfAborted();
  await writeRun();
  if (signal.aborted) {
    throw new DeadpanError(
      'E_INTERRUPTED',
      options.force
        ? 'Interrupted. What was finished stays. The same command does it all again; without --force it does what is not done yet.'
        : 'Interrupted. What was finished stays; the same command goes on with the rest.',
    );
  }
  return [...missing, ...inputs.flatMap(({ output }) => records.get(output) ?? elsewhere.get(output) ?? [])];

  function finish(record: InputRecord): void {
    records.set(record.output, record);
    progress.finished(record);
  }

  /** Everything that is finished by now, by this run and by others, from what this one would make it from. */
  async function finished(): Promise<readonly InputRecord[]> {
    const found: InputRecord[] = [];
    for (const { path, output } of all) {
      const own = records.get(output);
      if (own !== undefined) {
        found.push(own);
        continue;
      }
      const now = await madeFromNow(path, out, config, options, stages.models).catch(() => null);
      const other = await currentRecord(out, output, now);
      if (other !== null) found.push(recordOf(path, output, other));
    }
    return found;
  }

  async function writeRun(): Promise<void> {
    const { ingest, align, inference, window } = config;
    const configuration = { ingest, align, inference, window };
    const writer = shard === null ? '' : `.${shard.index + 1}-of-${shard.count}`;
    for (let known = await finished(), written = ''; written !== JSON.stringify(known);) {
      written = JSON.stringify(known);
      const ordered = [...missing, ...known];
      const parquet = options.format === 'parquet' && (shard === null || known.length === all.length);
      await writeRunRecord(out, { version, models: stages.models, configuration, inputs: ordered }, writer);
      await writeArchive(out, ordered, parquet, writer);
      // Another shard that finished meanwhile may have written before this one did, and known more.
      known = await finished();
    }
  }

  /** Analyses an input, unless another run does so or has done so since the plan was made. */
  async function takeOn(input: PlannedInput): Promise<void> {
    const { path, output, madeFrom } = input;
    const target = join(out, output);
    const lock = await lockFolder(target, signal).catch((error: unknown) => {
      if (error instanceof DeadpanError) return error;
      throw error;
    });
    if (lock instanceof DeadpanError) {
      if (lock.code !== 'E_INTERRUPTED') finish(failed(path, output, lock));
      return;
    }
    if ('heldBy' in lock) {
      const error = new DeadpanError('E_OUTPUT', `${target} is being made by another run (${lock.heldBy}).`, {
        advice: 'Wait until that has ended.',
      });
      const record = failed(path, output, error);
      elsewhere.set(output, record);
      progress.finished(record);
      return;
    }
    try {
      const found = await resultsAt(input, madeFrom, options);
      if (found instanceof DeadpanError) {
        finish(failed(path, output, found));
        return;
      }
      const record = found.done === null ? await analyzeOne(input) : recordOf(path, output, found.done);
      if (record !== null) finish(record);
    } finally {
      await lock.release();
    }
  }

  /** Removes what is of no use beside finished results: a run was killed at its very end, or --force was interrupted. */
  async function clearBeside(target: string): Promise<void> {
    const left = hiddenFolder(target);
    if (!(await isThere(left)) && !(await isThere(lockPath(target)))) return;
    try {
      const lock = await lockFolder(target, options.signal);
      if ('heldBy' in lock) return;
      await writing(left, () => rm(left, { recursive: true, force: true })).finally(() => lock.release());
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      if (error.code !== 'E_INTERRUPTED') progress.said(sentenceOf(error));
    }
  }

  /** Null where it was interrupted. */
  async function analyzeOne(input: PlannedInput): Promise<InputRecord | null> {
    const { path, output } = input;
    const started = performance.now();
    try {
      return await analyzeNew(input);
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      if (error.code === 'E_INTERRUPTED') return null;
      const record = { ...failed(path, output, error), seconds: secondsSince(started) };
      // Where results cannot be written, neither can this.
      await noteFailure(join(out, output), record, input.madeFrom).catch(() => undefined);
      return record;
    }
  }

  async function analyzeNew({ path, output, madeFrom, goesOn }: PlannedInput): Promise<InputRecord> {
    const { ingest, inference } = config;
    const target = join(out, output);
    const resume =
      goesOn && madeFrom !== null ? await usableCheckpoint(path, hiddenFolder(target), madeFrom) : null;
    const source = await openFile(path, {
      ffmpeg: options.ffmpeg,
      camera: output,
      maxSide: ingest.maxSide,
      maxPixels: ingest.maxPixels,
      maxUnreleased: FRAMES_WITH_PIXELS,
      ...(ingest.fps === null ? {} : { fps: ingest.fps }),
      ...(options.start === null ? {} : { startUs: Math.round(options.start * 1e6) }),
      ...(options.end === null ? {} : { endUs: Math.round(options.end * 1e6) }),
      ...(resume === null ? {} : { resumeAfter: resume.position }),
    });
    try {
      progress.started(path, source.info.durationUs, resume === null ? 0 : resume.position.sequence + 1);
      const working = [...CHECKPOINT_FILES, SPOOL_FILE];
      const folder = await createAtomicFolder(target, { ...RESULTS, working, resume: resume !== null });
      const spoolPath = options.annotate ? join(folder.path, SPOOL_FILE) : null;
      try {
        // What draws the report is loaded while frames are analysed.
        const results = import('./input-results.js');
        const { format } = options;
        const analysis = await analyzeInput(source, {
          folder: folder.path,
          spoolPath,
          foreignTable: await openForeignTable(format, folder.path, path, resume?.bytes.foreign),
          stages: stages.forInput(resume?.stages),
          batchSize: inference.batchSize,
          batchDelayMs: inference.batchDelay,
          references: options.references,
          madeFrom,
          checkpointEvery: options.checkpointEvery,
          resume,
          onProgress: (timeUs, frames) => {
            progress.advanced(path, timeUs, frames);
          },
          signal,
        });
        const { record, counts, deadLetters, seconds } = analysis;
        // What may go well the next time goes on then, and is no result yet.
        const { failure: ended } = analysis;
        if (ended !== null && (record.frames === 0 || ended.retryable)) throw ended;
        const drawn = performance.now();
        // Nothing was analysed of a file that ends before --start: there is nothing to draw on.
        const annotated = spoolPath !== null && record.frames > 0;
        const undrawn = annotated ? await drawOver(source.info, folder.path, spoolPath) : null;
        const failure = ended ?? undrawn;
        const { writeResults } = await results;
        await writeResults(analysis, {
          folder: folder.path,
          input: path,
          info: source.info,
          framesRead: source.framesRead,
          models: stages.models,
          settings: settingsOf(options),
          extras: [
            ...(annotated && undrawn === null ? ['annotated.mp4'] : []),
            ...(format === 'py-feat' || format === 'openface' ? [`${format}.csv`] : []),
          ],
        });
        const dead =
          deadLetters.length === 0
            ? null
            : `${deadLetters.length} records could not be worked on: see dead-letters.ndjson`;
        const result: InputRecord = {
          input: path,
          output,
          state: failure === null && dead === null ? 'done' : 'failed',
          reason: failure === null ? dead : sentenceOf(failure),
          code: failure?.code ?? null,
          frames: record.frames,
          faces: record.faces,
          tracks: record.tracks.length,
          seconds: Math.round((seconds + secondsSince(drawn)) * 1000) / 1000,
          stages: stageReports(counts),
        };
        await writeFolderRecord(folder.path, folderRecord(result, madeFrom));
        await folder.publish();
        return result;
      } catch (error) {
        if (unusable.signal.aborted || !(await goesOnLater(error, folder.path))) await folder.discard();
        throw error;
      }
    } finally {
      await source.close();
    }
  }

  /** Writes the annotated video; resolves with why there is none, where the tables shall appear without it. */
  async function drawOver(info: FileInfo, folder: string, spoolPath: string): Promise<DeadpanError | null> {
    const { annotate } = await import('../report/annotate.js');
    try {
      await annotate({
        ffmpeg: options.ffmpeg,
        input: info.path,
        kind: info.kind,
        width: info.width,
        height: info.height,
        maxPixels: config.ingest.maxPixels,
        output: join(folder, 'annotated.mp4'),
        frames: annotatedFrames(join(folder, 'faces.csv'), spoolPath),
        fps: config.ingest.fps,
        start: options.start,
        end: options.end,
        signal,
      });
      return null;
    } catch (error) {
      if (!(error instanceof DeadpanError) || error.code === 'E_INTERRUPTED') throw error;
      if (await goesOnLater(error, folder)) throw error;
      return error;
    }
  }

  async function usableCheckpoint(path: string, folder: string, now: MadeFrom): Promise<Checkpoint | null> {
    const found = await readCheckpoint(folder, now);
    if (found === null) return null;
    if ('checkpoint' in found) return found.checkpoint;
    progress.said(
      `${path}: begins anew, because the checkpoint of an interrupted run is of no use: ${found.useless}.`,
    );
    return null;
  }
}

/** The references of all faces, for the annotated video. */
const SPOOL_FILE = 'references.spool';

/** Frames of an input whose pixels are in memory: enough that the decoder and the workers never wait for each other. */
const FRAMES_WITH_PIXELS = 8;

const secondsSince = (started: number): number => Math.round(performance.now() - started) / 1000;

function failed(input: string, output: string, error: DeadpanError): InputRecord {
  const nothing = { frames: 0, faces: 0, tracks: 0, seconds: 0, stages: {} };
  return { input, output, state: 'failed', reason: sentenceOf(error), code: error.code, ...nothing };
}

/** Whether what an input's analysis has come to is kept for the next run: it may go well then, once there is space again. */
async function goesOnLater(error: unknown, folder: string): Promise<boolean> {
  const mayGoWell = error instanceof DeadpanError && (error.retryable || error.code === 'E_OUTPUT');
  return mayGoWell && (await hasCheckpoint(folder));
}

/** Leaves word of a failure, for the index that another shard may write. */
async function noteFailure(folder: string, record: InputRecord, madeFrom: MadeFrom | null): Promise<void> {
  await makeFolder(folder);
  await refuseForeign(folder, RESULTS);
  // Results that stand there are not those of the file, models and options that failed.
  await rm(join(folder, SEAL), { force: true });
  await writeFolderRecord(folder, folderRecord(record, madeFrom));
}

function openForeignTable(
  format: AnalyzeOptions['format'],
  folder: string,
  input: string,
  bytes = 0,
): Promise<Table<Expression>> | null {
  if (format === 'py-feat') return openPyFeatTable(join(folder, 'py-feat.csv'), input, bytes);
  if (format === 'openface') return openOpenFaceTable(join(folder, 'openface.csv'), bytes);
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

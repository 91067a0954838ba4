import type { FileSource } from '@deadpan/ingest';
import {
  createMemoryLink,
  createTally,
  DeadpanError,
  envelope,
  dominantClass,
  type DeadLetter,
  type Expression,
  type FacePair,
  type Frame,
  type StageCounts,
} from '@deadpan/shared';

import { runEmbedded } from '../pipeline/embedded.js';
import type { InputStages } from '../pipeline/stages.js';
import type { Table } from '../report/csv-table.js';
import { emotionRow, openEmotionsTable, readEmotionsTable } from '../report/emotions-table.js';
import { faceRow, openFacesTable, readFacesTable } from '../report/faces-table.js';
import { openReferenceSpool, REFERENCE_BYTES } from '../report/reference-spool.js';
import { createReferencePicks, type ReferencePicks } from '../report/references-picks.js';
import {
  createAnalysisRecorder,
  type AnalysisRecord,
  type AnalysisRecorder,
} from '../report/track-record.js';
import { writeCheckpoint, type Checkpoint } from './checkpoint.js';
import type { DeadLetterNote } from './dead-letter-note.js';
import type { MadeFrom } from './made-from.js';

/** How one input is analysed. */
export interface InputAnalysisOptions {
  /** Folder that receives `faces.csv` and `emotions.csv`. */
  readonly folder: string;
  readonly stages: InputStages;
  readonly batchSize: number;
  readonly batchDelayMs: number;
  /** Keep faces and their references for people to look at. */
  readonly references: boolean;
  /** File that receives the reference of every face for the annotated video; null when none is wanted. */
  readonly spoolPath: string | null;
  /** A further table that wants every expression; closed at the end. */
  readonly foreignTable: Table<Expression> | null;
  /** What the results are made from; null for no checkpoints. */
  readonly madeFrom: MadeFrom | null;
  /** Seconds of work from one checkpoint to the next. */
  readonly checkpointEvery: number;
  /** Where an earlier run had come to: source, stages, spool and foreign table were opened from there. */
  readonly resume: Checkpoint | null;
  /** Told after each frame: its time in the media, and how many there were. */
  readonly onProgress?: (timeUs: number, frames: number) => void;
  readonly signal?: AbortSignal;
}

/** What came of one input. */
export interface InputAnalysis {
  readonly record: AnalysisRecord;
  /** By track; empty unless asked for. */
  readonly picks: ReadonlyMap<string, ReferencePicks>;
  readonly counts: ReadonlyMap<string, StageCounts>;
  readonly deadLetters: readonly DeadLetterNote[];
  /** Wall clock, with that of the runs before which it went on. */
  readonly seconds: number;
  /** Why the input ended early, when it did: what came before is complete. */
  readonly failure: DeadpanError | null;
}

/** Frames under way: enough for two full batches beside what the tracker is at. */
const IN_FLIGHT = 48;

/** A checkpoint is due no sooner than this many times what the last one took to write. */
const LEAST_WORK_BETWEEN = 20;

/**
 * Runs one opened input through the line and writes its tables. From time to time, and when it is interrupted, it lets
 * what is under way finish and writes a checkpoint; the results are the same to the byte wherever that was.
 * @throws DeadpanError E_INTERRUPTED when `signal` aborts, E_OUTPUT when the tables cannot be written
 */
export async function analyzeInput(
  source: FileSource,
  options: InputAnalysisOptions,
): Promise<InputAnalysis> {
  const { folder, stages, batchSize, batchDelayMs, references, spoolPath, foreignTable, onProgress, signal } =
    options;
  const { resume, madeFrom, checkpointEvery } = options;
  const began = performance.now();
  const seconds = (): number => (resume?.seconds ?? 0) + (performance.now() - began) / 1000;
  const facesTable = await openFacesTable(`${folder}/faces.csv`, resume?.bytes.faces);
  const emotionsTable = await openEmotionsTable(`${folder}/emotions.csv`, resume?.bytes.emotions);
  const spool = spoolPath === null ? null : await openReferenceSpool(spoolPath, resume?.references);
  const files = [facesTable, emotionsTable, spool, foreignTable].filter((file) => file !== null);
  const recorder = createAnalysisRecorder();
  if (resume !== null) await recordTables(folder, recorder);
  const tally = createTally(resume?.counts);
  const picks = new Map(
    [...(resume?.picks ?? [])].map(([track, state]) => [track, createReferencePicks(state)] as const),
  );
  const pairs = createPairMemory();
  const deadLetters: DeadLetterNote[] = [...(resume?.deadLetters ?? [])];
  let failure: DeadpanError | null = null;
  let frames = recorder.record.frames;

  const link = createMemoryLink<Frame>({
    name: 'frames',
    capacity: 1,
    inFlight: IN_FLIGHT,
    whenFull: 'block',
  });
  let underWay = 0;
  let onIdle: () => void = () => undefined;
  let checkpointDue = began + checkpointEvery * 1000;

  async function checkpoint(): Promise<void> {
    while (underWay > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    const started = performance.now();
    const { position } = source;
    if (position === null || madeFrom === null) return;
    await writeCheckpoint(folder, {
      madeFrom,
      position,
      stages: await stages.state(),
      bytes: {
        faces: await facesTable.checkpoint(),
        emotions: await emotionsTable.checkpoint(),
        foreign: (await foreignTable?.checkpoint()) ?? 0,
      },
      references: (await spool?.checkpoint()) ?? 0,
      picks: new Map([...picks].map(([track, ofTrack]) => [track, ofTrack.state()])),
      counts: tally.stages,
      deadLetters,
      seconds: seconds(),
    });
    const now = performance.now();
    checkpointDue = now + Math.max(checkpointEvery * 1000, LEAST_WORK_BETWEEN * (now - started));
  }

  async function stopIfInterrupted(): Promise<void> {
    if (signal?.aborted !== true) return;
    await checkpoint();
    throw new DeadpanError('E_INTERRUPTED', 'The analysis was interrupted.');
  }

  async function read(): Promise<void> {
    try {
      for await (const frame of source) {
        const { camera: key, timeUs } = frame;
        underWay += 1;
        const onAck = (): void => {
          underWay -= 1;
          if (underWay === 0) onIdle();
        };
        await link.sender.send(envelope({ key, timeUs, value: frame, onAck }));
        frames += 1;
        onProgress?.(timeUs, frames);
        await stopIfInterrupted();
        if (performance.now() >= checkpointDue) await checkpoint();
      }
    } catch (error) {
      if (!(error instanceof DeadpanError) || error.code === 'E_INTERRUPTED' || error.code === 'E_OUTPUT') {
        throw error;
      }
      // Ctrl-C reaches ffmpeg too.
      await stopIfInterrupted();
      failure = error;
      if (error.retryable) await checkpoint();
    }
    // The video is drawn in a second pass, which may take as long.
    if (spool !== null && source.info.kind === 'video') await checkpoint();
    await link.sender.end();
  }

  const needsPixels = references || spool !== null;
  async function writeExpression(expression: Expression): Promise<void> {
    const row = faceRow(expression);
    recorder.face(row);
    await facesTable.write(row);
    await foreignTable?.write(expression);
    const pair = needsPixels && expression.face !== null ? pairs.take(expression) : null;
    if (expression.face === null) return;
    await spool?.write(pair?.reference ?? new Uint8Array(REFERENCE_BYTES));
    if (references && pair !== null) offerPick(picks, expression, pair);
  }

  try {
    await Promise.all([
      read(),
      runEmbedded({
        frames: link.receiver,
        stages,
        batch: { size: batchSize, maxDelayMs: batchDelayMs, concurrency: 2 },
        observer: tally,
        deadLetters: (letter) => {
          deadLetters.push(describe(letter));
          return Promise.resolve();
        },
        onPair: (pair) => {
          if (needsPixels) pairs.keep(pair);
        },
        onExpression: writeExpression,
        onEmotion: async (emotion) => {
          const row = emotionRow(emotion);
          recorder.emotion(row);
          await emotionsTable.write(row);
        },
      }),
    ]);
    for (const file of files) await file.close();
  } finally {
    await source.close();
    // After a failure: what cannot be written any more must not hide why.
    await Promise.allSettled(files.map((file) => file.close()));
  }
  const { record } = recorder;
  return { record, picks, counts: tally.stages, deadLetters, failure, seconds: seconds() };
}

/** Takes in what an earlier run has written. */
async function recordTables(folder: string, recorder: AnalysisRecorder): Promise<void> {
  for await (const row of readFacesTable(`${folder}/faces.csv`)) recorder.face(row);
  for await (const row of readEmotionsTable(`${folder}/emotions.csv`)) recorder.emotion(row);
}

/** The pixels of a face and of its reference. */
type FacePixels = Pick<NonNullable<FacePair['face']>, 'crop' | 'reference'>;

/** Pixels that wait for the word of the classifier. Expressions come in the order of their pairs, so older ones can go. */
function createPairMemory() {
  const waiting: FacePair[] = [];
  return {
    keep(pair: FacePair): void {
      if (pair.face !== null) waiting.push(pair);
    },
    take({ sequence, face }: Expression): FacePixels | null {
      while ((waiting[0]?.sequence ?? sequence) < sequence) waiting.shift();
      const at = waiting.findIndex((pair) => pair.sequence === sequence && pair.face?.track === face?.track);
      return at < 0 ? null : (waiting.splice(at, 1)[0]?.face ?? null);
    },
  };
}

function offerPick(picks: Map<string, ReferencePicks>, expression: Expression, pixels: FacePixels): void {
  const { face } = expression;
  if (face === null) return;
  let ofTrack = picks.get(face.track);
  if (ofTrack === undefined) picks.set(face.track, (ofTrack = createReferencePicks()));
  ofTrack.offer({
    frame: expression.sequence,
    time: expression.timeUs / 1e6,
    expression: dominantClass(face.probabilities),
    intensity: face.intensity,
    crop: pixels.crop,
    reference: pixels.reference,
  });
}

function describe({ stage, reason, error, record }: DeadLetter): DeadLetterNote {
  return { stage, reason, message: error.message, record: `${record.key} at ${record.timeUs / 1e6} s` };
}

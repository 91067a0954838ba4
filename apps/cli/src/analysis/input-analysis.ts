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

import { runEmbedded, type Stages } from '../pipeline/embedded.js';
import type { Table } from '../report/csv-table.js';
import { emotionRow, openEmotionsTable } from '../report/emotions-table.js';
import { faceRow, openFacesTable } from '../report/faces-table.js';
import { openReferenceSpool, REFERENCE_BYTES } from '../report/reference-spool.js';
import { createReferencePicks, type ReferencePicks } from '../report/references-picks.js';
import { createAnalysisRecorder, type AnalysisRecord } from '../report/track-record.js';

/** How one input is analysed. */
export interface InputAnalysisOptions {
  /** Folder that receives `faces.csv` and `emotions.csv`. */
  readonly folder: string;
  readonly stages: Stages;
  readonly batchSize: number;
  readonly batchDelayMs: number;
  /** Keep faces and their references for people to look at. */
  readonly references: boolean;
  /** File that receives the reference of every face for the annotated video; null when none is wanted. */
  readonly spoolPath: string | null;
  /** A further table that wants every expression; closed at the end. */
  readonly foreignTable: Table<Expression> | null;
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
  readonly deadLetters: readonly {
    readonly stage: string;
    readonly reason: string;
    readonly message: string;
    readonly record: string;
  }[];
  /** Why the input ended early, when it did: what came before is complete. */
  readonly failure: DeadpanError | null;
}

/** Frames under way: enough for two full batches beside what the tracker is at. */
const IN_FLIGHT = 48;

/**
 * Runs one opened input through the line and writes its tables.
 * @throws DeadpanError E_INTERRUPTED when `signal` aborts, E_OUTPUT when the tables cannot be written
 */
export async function analyzeInput(
  source: FileSource,
  options: InputAnalysisOptions,
): Promise<InputAnalysis> {
  const { folder, stages, batchSize, batchDelayMs, references, spoolPath, foreignTable, onProgress, signal } =
    options;
  const facesTable = await openFacesTable(`${folder}/faces.csv`);
  const emotionsTable = await openEmotionsTable(`${folder}/emotions.csv`);
  const spool = spoolPath === null ? null : await openReferenceSpool(spoolPath);
  const files = [facesTable, emotionsTable, spool, foreignTable].filter((file) => file !== null);
  const recorder = createAnalysisRecorder();
  const tally = createTally();
  const picks = new Map<string, ReferencePicks>();
  const pairs = createPairMemory();
  const deadLetters: InputAnalysis['deadLetters'][number][] = [];
  let failure: DeadpanError | null = null;
  let frames = 0;

  const link = createMemoryLink<Frame>({
    name: 'frames',
    capacity: 1,
    inFlight: IN_FLIGHT,
    whenFull: 'block',
  });
  async function read(): Promise<void> {
    try {
      for await (const frame of source) {
        if (signal?.aborted === true) {
          frame.release();
          throw new DeadpanError('E_INTERRUPTED', 'The analysis was interrupted.');
        }
        const { camera: key, timeUs } = frame;
        await link.sender.send(envelope({ key, timeUs, value: frame }));
        frames += 1;
        onProgress?.(timeUs, frames);
      }
    } catch (error) {
      if (!(error instanceof DeadpanError) || error.code === 'E_INTERRUPTED') throw error;
      failure = error;
    }
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
  return { record: recorder.record, picks, counts: tally.stages, deadLetters, failure };
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

function describe({ stage, reason, error, record }: DeadLetter): InputAnalysis['deadLetters'][number] {
  return { stage, reason, message: error.message, record: `${record.key} at ${record.timeUs / 1e6} s` };
}

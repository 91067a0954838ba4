import { CLASSES } from '@deadpan/shared';

import type { EmotionRow } from './emotions-table.js';
import type { FaceRow, TabledFace } from './faces-table.js';

/** A time in which a track was seen without a break, in seconds of the media. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is kept of one track: small enough for hours. Built from table rows, so a resumed run gets the same. */
export interface TrackRecord {
  readonly track: string;
  /** Frames in which it was seen. */
  readonly frames: number;
  /** Frames per dominant class, and sums of the probabilities, in the order of CLASSES. */
  readonly dominant: readonly number[];
  readonly sums: readonly number[];
  readonly intensitySum: number;
  /** In order; the first begins with the first sight, the last ends with the last. */
  readonly spans: readonly Span[];
  readonly windows: readonly EmotionRow[];
}

/** What is kept of one input. */
export interface AnalysisRecord {
  /** Analysed frames, those with a face, and faces. */
  readonly frames: number;
  readonly framesWithFace: number;
  readonly faces: number;
  /** Time of the last analysed frame, seconds. */
  readonly lastTime: number;
  /** By first appearance. */
  readonly tracks: readonly TrackRecord[];
}

/** Collects an {@link AnalysisRecord} from the rows of both tables, in their order. */
export interface AnalysisRecorder {
  face(row: FaceRow): void;
  emotion(row: EmotionRow): void;
  /** All that was collected so far; not a copy. */
  readonly record: AnalysisRecord;
}

/** Shorter absences are a blink of the detector and not worth a gap, in seconds and in analysed frames. */
const GAP_SECONDS = 0.5;
const GAP_FRAMES = 2.5;

interface OpenSpan {
  start: number;
  end: number;
}

interface OpenTrack extends TrackRecord {
  frames: number;
  readonly dominant: number[];
  readonly sums: number[];
  intensitySum: number;
  readonly spans: OpenSpan[];
  readonly windows: EmotionRow[];
}

/** Creates an empty {@link AnalysisRecorder}. */
export function createAnalysisRecorder(): AnalysisRecorder {
  const tracks = new Map<string, OpenTrack>();
  const ordered: OpenTrack[] = [];
  const record = { frames: 0, framesWithFace: 0, faces: 0, lastTime: 0, tracks: ordered };
  let frame = -1;
  let step = 0;

  const of = (track: string): OpenTrack => {
    let open = tracks.get(track);
    if (open === undefined) {
      open = {
        track,
        frames: 0,
        dominant: CLASSES.map(() => 0),
        sums: CLASSES.map(() => 0),
        intensitySum: 0,
        spans: [],
        windows: [],
      };
      tracks.set(track, open);
      ordered.push(open);
    }
    return open;
  };

  const see = (face: TabledFace, time: number): void => {
    const open = of(face.track);
    open.frames += 1;
    open.intensitySum += face.intensity;
    for (const [k, name] of CLASSES.entries()) {
      open.sums[k] = (open.sums[k] ?? 0) + (face.probabilities[k] ?? 0);
      if (name === face.expression) open.dominant[k] = (open.dominant[k] ?? 0) + 1;
    }
    const last = open.spans.at(-1);
    if (last !== undefined && time - last.end <= Math.max(GAP_SECONDS, GAP_FRAMES * step)) last.end = time;
    else open.spans.push({ start: time, end: time });
  };

  return {
    record,
    face({ frame: sequence, time, face }) {
      if (sequence !== frame) {
        if (frame >= 0) step = time - record.lastTime;
        frame = sequence;
        record.frames += 1;
        record.lastTime = time;
        if (face !== null) record.framesWithFace += 1;
      }
      if (face === null) return;
      record.faces += 1;
      see(face, time);
    },
    emotion(row) {
      of(row.track).windows.push(row);
    },
  };
}

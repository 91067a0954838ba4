import { apportioned, CLASSES, type ExpressionClass } from '@deadpan/shared';

import type { EmotionRow } from './emotions-table.js';
import type { AnalysisRecord, TrackRecord } from './track-record.js';

/** A number for each class. */
export type ByClass = Readonly<Record<ExpressionClass, number>>;

/** A window in which a person showed something clearly. */
export interface Moment {
  /** The middle of the window, seconds of the media. */
  readonly time: number;
  readonly expression: ExpressionClass;
  /** Mean probability of that expression within the window, 0..1. */
  readonly probability: number;
  /** Mean intensity within the window, 0..1. */
  readonly intensity: number;
}

/** One track of `summary.json`. */
export interface TrackSummary {
  readonly track: string;
  /** First and last sight, seconds of the media. */
  readonly first: number;
  readonly last: number;
  /** Frames in which it was seen. */
  readonly frames: number;
  /** The expression that most frames show. */
  readonly expression: ExpressionClass;
  /** Share of the frames in which each expression is the most probable one; they sum to 1. */
  readonly shares: ByClass;
  /** Mean probability of each expression; they sum to 1. */
  readonly probabilities: ByClass;
  /** Mean intensity, 0..1. */
  readonly intensity: number;
  /** The clearest moments, the strongest first; none where the face stays neutral. */
  readonly moments: readonly Moment[];
}

/** What is known of an input besides its faces. */
export interface InputFacts {
  /** The input as the user named it. */
  readonly input: string;
  readonly kind: 'video' | 'image';
  /** Size of the upright frame in pixels. */
  readonly width: number;
  readonly height: number;
  /** As the container says, seconds; null where it does not. */
  readonly duration: number | null;
  /** Frames that were read, of which the analysed ones are a sample. */
  readonly framesRead: number;
}

/** `summary.json`. */
export interface Summary {
  readonly input: string;
  readonly kind: 'video' | 'image';
  readonly width: number;
  readonly height: number;
  /** Seconds, as the container says; where it says nothing or less, the time of the last analysed frame. */
  readonly duration: number;
  readonly frames: { readonly read: number; readonly analysed: number; readonly withFace: number };
  /** Faces over all frames. */
  readonly faces: number;
  /** By first appearance. */
  readonly tracks: readonly TrackSummary[];
}

const MOMENTS = 3;
/** Two moments of a track are at least this far apart, seconds; nearer ones are one and the same. */
const MOMENT_DISTANCE = 3;

/** What an input's analysis comes to. */
export function summarize(facts: InputFacts, record: AnalysisRecord): Summary {
  return {
    input: facts.input,
    kind: facts.kind,
    width: facts.width,
    height: facts.height,
    duration: millis(Math.max(facts.duration ?? 0, record.lastTime)),
    frames: { read: facts.framesRead, analysed: record.frames, withFace: record.framesWithFace },
    faces: record.faces,
    tracks: record.tracks.filter((track) => track.frames > 0).map(summarizeTrack),
  };
}

/** `summary.json` as text. */
export function summaryJson(summary: Summary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}

function summarizeTrack(record: TrackRecord): TrackSummary {
  const most = record.dominant.indexOf(Math.max(...record.dominant));
  return {
    track: record.track,
    first: record.spans[0]?.start ?? 0,
    last: record.spans.at(-1)?.end ?? 0,
    frames: record.frames,
    expression: CLASSES[most] ?? 'neutral',
    shares: byClass(apportioned(record.dominant)),
    probabilities: byClass(apportioned(record.sums)),
    intensity: Math.round((record.intensitySum / record.frames) * 1e4) / 1e4,
    moments: strongestMoments(record),
  };
}

/** The windows in which an expression other than neutral prevails, by probability times intensity. */
function strongestMoments({ windows, spans }: TrackRecord): Moment[] {
  const first = spans[0]?.start ?? 0;
  const last = spans.at(-1)?.end ?? 0;
  const strength = (row: EmotionRow): number => probabilityOf(row) * row.intensity;
  const candidates = windows
    .filter((row) => row.expression !== 'neutral')
    .sort((a, b) => strength(b) - strength(a) || a.start - b.start);
  const moments: Moment[] = [];
  for (const row of candidates) {
    if (moments.length === MOMENTS) break;
    const time = millis(Math.min(last, Math.max(first, (row.start + row.end) / 2)));
    if (moments.some((moment) => Math.abs(moment.time - time) < MOMENT_DISTANCE)) continue;
    moments.push({
      time,
      expression: row.expression,
      probability: probabilityOf(row),
      intensity: row.intensity,
    });
  }
  return moments;
}

function probabilityOf(row: EmotionRow): number {
  return row.probabilities[CLASSES.indexOf(row.expression)] ?? 0;
}

function byClass(values: readonly number[]): ByClass {
  return Object.fromEntries(CLASSES.map((name, k) => [name, values[k] ?? 0])) as Record<
    ExpressionClass,
    number
  >;
}

function millis(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

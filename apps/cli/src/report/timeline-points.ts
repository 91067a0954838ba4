import { CLASSES } from '@deadpan/shared';

import type { EmotionRow } from './emotions-table.js';
import type { Span, TrackRecord } from './track-record.js';

/** One moment of a timeline. */
export interface TimelinePoint {
  /** Seconds of the media. */
  readonly time: number;
  /** In the order of CLASSES, summing to 1. */
  readonly probabilities: readonly number[];
  readonly intensity: number;
}

/** How finely a timeline is drawn: stretches of time of which only the extremes are kept. */
export const FINE = 160;
export const COARSE = 40;
/** Up to this many windows a stretch, all are drawn. */
const WINDOWS_A_STRETCH = 5;

/**
 * The lines of a track, one list of points for each span in which it was seen. A window stands at its middle; the
 * ends of a span take the values of the nearest window. Empty where there is no window.
 *
 * @param stretches how finely, for what is too long to draw every window
 */
export function timelinePoints(record: TrackRecord, stretches = FINE): readonly (readonly TimelinePoint[])[] {
  const windows = thinned(
    [...record.windows].sort((a, b) => a.start - b.start),
    stretches,
  );
  if (windows.length === 0) return [];
  return record.spans.map((span) => pointsOf(span, windows));
}

function pointsOf(span: Span, windows: readonly EmotionRow[]): readonly TimelinePoint[] {
  const within = windows.filter((row) => middle(row) > span.start && middle(row) < span.end);
  const nearest = (time: number): EmotionRow | undefined => {
    let best = windows[0];
    for (const row of windows) {
      if (best !== undefined && Math.abs(middle(row) - time) < Math.abs(middle(best) - time)) best = row;
    }
    return best;
  };
  const point = (row: EmotionRow, time: number): TimelinePoint => ({
    time,
    probabilities: row.probabilities,
    intensity: row.intensity,
  });
  const first = nearest(span.start);
  const last = nearest(span.end);
  return [
    ...(first === undefined ? [] : [point(first, span.start)]),
    ...within.map((row) => point(row, middle(row))),
    ...(last === undefined ? [] : [point(last, span.end)]),
  ];
}

/**
 * Fewer windows, and no peak lost: of each stretch of time stay the windows with the highest probability of each
 * class, and with the highest and the lowest intensity. Means would flatten a short smile in a long film.
 */
function thinned(windows: readonly EmotionRow[], stretches: number): readonly EmotionRow[] {
  if (windows.length <= WINDOWS_A_STRETCH * stretches) return windows;
  const start = windows[0]?.start ?? 0;
  const end = windows.at(-1)?.start ?? start;
  const width = (end - start) / stretches;
  const measures = [
    ...CLASSES.map((_, k) => (row: EmotionRow) => row.probabilities[k] ?? 0),
    (row: EmotionRow) => row.intensity,
    (row: EmotionRow) => -row.intensity,
  ];
  const kept: EmotionRow[] = [];
  const keep = (bucket: readonly EmotionRow[]): void => {
    const extremes = new Set(
      measures.map((measure) => bucket.reduce((best, row) => (measure(row) > measure(best) ? row : best))),
    );
    kept.push(...bucket.filter((row) => extremes.has(row)));
  };
  let bucket: EmotionRow[] = [];
  let number = 0;
  for (const row of windows) {
    const own = Math.floor((row.start - start) / width);
    if (own !== number && bucket.length > 0) {
      keep(bucket);
      bucket = [];
    }
    number = own;
    bucket.push(row);
  }
  if (bucket.length > 0) keep(bucket);
  return kept;
}

function middle(row: EmotionRow): number {
  return (row.start + row.end) / 2;
}

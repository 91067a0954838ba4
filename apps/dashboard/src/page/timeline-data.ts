import type { EmotionMessage } from '@deadpan/shared';

import type { Gap } from './gaps.js';
import { CLASS_NAMES } from './palette.js';
import { smooth } from './smoothing.js';

/** How a timeline shows the probabilities. */
export type TimelineMode = 'stacked' | 'lines';

/** Columns of a timeline: null where there is nothing to draw. */
export interface TimelineData {
  /** Seconds since 1970, ascending: the middle of each window. */
  readonly times: number[];
  /** One column per class, in the order of {@link CLASS_NAMES}; probabilities, or sums from the first class on. */
  readonly classes: (number | null)[][];
  readonly intensity: (number | null)[];
  /** The window behind each row; undefined in a gap. */
  readonly windows: (EmotionMessage | undefined)[];
}

/** Puts windows and gaps into columns, with an empty row in each gap so that no line crosses it. */
export function timelineData(
  windows: readonly EmotionMessage[],
  gaps: readonly Gap[],
  mode: TimelineMode,
  tau: number,
): TimelineData {
  const rows: { time: number; window: EmotionMessage | undefined }[] = windows.map((window) => ({
    time: (window.start + window.end) / 2,
    window,
  }));
  for (const { from, to } of gaps) rows.push({ time: (from + to) / 2, window: undefined });
  rows.sort((a, b) => a.time - b.time);
  const times = rows.map(({ time }) => time);
  const column = (of: (window: EmotionMessage) => number): (number | null)[] =>
    smooth(
      times,
      rows.map(({ window }) => (window === undefined ? null : of(window))),
      tau,
    );
  const classes = CLASS_NAMES.map((name) => column((window) => window.probabilities[name]));
  if (mode === 'stacked') {
    for (let k = 1; k < classes.length; k += 1) {
      const below = classes[k - 1] ?? [];
      classes[k] = (classes[k] ?? []).map((value, i) => (value === null ? null : value + (below[i] ?? 0)));
    }
  }
  return {
    times,
    classes,
    intensity: column((window) => window.intensity),
    windows: rows.map(({ window }) => window),
  };
}

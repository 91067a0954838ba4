/** A change in a camera's life, as the history tells it. */
export interface StateAt {
  readonly camera: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly state: string;
  readonly error: string | null;
}

/** A stretch of time without a window. */
export interface Gap {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** What it is called on the timeline. */
  readonly label: string;
}

/** A window's times in seconds since 1970. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The stretches in which a person has no window: longer than a hop and a half between two windows. A gap is named after what
 * the camera did in it; where the camera streamed, the person was not seen.
 */
export function findGaps(windows: readonly Span[], states: readonly StateAt[], hop: number): Gap[] {
  const gaps: Gap[] = [];
  let covered: Span | undefined;
  for (const window of windows) {
    if (covered !== undefined && window.start - covered.start > hop * 1.5) {
      // Windows overlap: the gap is what none of them covers; at least from one begin to the next.
      const from = Math.min(covered.end, window.start);
      const to = Math.max(from, window.start);
      gaps.push({ from, to, label: labelOf(from, to, states) });
    }
    covered = window;
  }
  return gaps;
}

const WORDS: Readonly<Record<string, string>> = {
  connecting: 'camera connecting',
  stalled: 'camera stalled',
  waiting: 'camera offline',
  failed: 'camera failed',
  paused: 'camera paused',
  removed: 'camera removed',
};

function labelOf(from: number, to: number, states: readonly StateAt[]): string {
  const before = states.filter(({ time }) => time <= from).at(-1);
  const within = states.filter(({ time }) => time > from && time <= to);
  for (const { state } of [...within, ...(before === undefined ? [] : [before])]) {
    const word = WORDS[state];
    if (word !== undefined) return word;
  }
  return 'not seen';
}

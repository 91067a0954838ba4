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
 * The stretches in which a person has no window: longer than a hop and a half between two windows. A gap is named after
 * what the camera did in it, in parts where the camera came or went; while it streamed, the person was not seen.
 */
export function findGaps(windows: readonly Span[], states: readonly StateAt[], hop: number): Gap[] {
  const gaps: Gap[] = [];
  let covered: Span | undefined;
  for (const window of windows) {
    if (covered !== undefined && window.start - covered.start > hop * 1.5) {
      // Windows overlap: the gap is what none of them covers; at least from one begin to the next.
      const from = Math.min(covered.end, window.start);
      gaps.push(...partsOf(from, Math.max(from, window.start), states));
    }
    covered = window;
  }
  return gaps;
}

/** What a camera that does not stream is called; of several states in a row the first in this order gives the name. */
const WORDS = {
  removed: 'camera removed',
  paused: 'camera paused',
  failed: 'camera failed',
  waiting: 'camera offline',
  stalled: 'camera stalled',
  connecting: 'camera connecting',
} as const;
const isAway = (state: string): state is keyof typeof WORDS => state in WORDS;

/** That a camera fell silent is known only some seconds later, and after its return it takes some to find people. */
const NOTICED_S = 6;

interface Part {
  from: number;
  to: number;
  /** The states of a camera that was away; none where it streamed. */
  readonly away: Set<string>;
}

function partsOf(from: number, to: number, states: readonly StateAt[]): Gap[] {
  const before = states.filter(({ time }) => time <= from).at(-1)?.state ?? 'streaming';
  const changes = [
    { time: from, state: before },
    ...states.filter(({ time }) => time > from && time < to),
    { time: to, state: 'streaming' },
  ];
  const parts: Part[] = [];
  for (const [i, { time, state }] of changes.slice(0, -1).entries()) {
    const end = changes[i + 1]?.time ?? to;
    const last = parts.at(-1);
    const away = isAway(state);
    if (last !== undefined && last.away.size > 0 === away) last.to = end;
    else parts.push({ from: time, to: end, away: new Set() });
    if (away) parts.at(-1)?.away.add(state);
  }
  return parts
    .filter(({ away, ...part }) => away.size > 0 || parts.length === 1 || part.to - part.from > NOTICED_S)
    .map(({ away, ...part }, i, kept) => ({
      // What was left out belongs to its neighbour.
      from: i === 0 ? from : part.from,
      to: kept[i + 1]?.from ?? to,
      label: Object.entries(WORDS).find(([state]) => away.has(state))?.[1] ?? 'not seen',
    }));
}

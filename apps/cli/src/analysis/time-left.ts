import { clockTime } from '../report/clock-time.js';

/** What there is to do: for each open input about how many frames, null where nobody knows. */
export type OpenInputs = ReadonlyMap<string, number | null>;

/** How far a run is. */
export interface Standing {
  /** Of all open inputs' frames, 0..1. */
  readonly share: number;
  /** Of this run, over all inputs; null before there is a measurement. */
  readonly framesPerSecond: number | null;
  /** At that speed; null before there is one, and where no input says how long it is. */
  readonly secondsLeft: number | null;
}

/** Follows a run over all its inputs. */
export interface TimeLeft {
  /** An input is begun, with the frames that an earlier run had done. */
  started(input: string, framesBefore: number): void;
  /** Frames of an input so far, those of an earlier run among them. */
  advanced(input: string, frames: number): void;
  finished(input: string): void;
  standing(): Standing;
  /** Once, when the speed has become that of the run: how long the whole takes, in a sentence. Null before and after. */
  estimate(): string | null;
}

/** Before this much time, milliseconds, a speed says nothing. */
const LEAST_MS = 1000;
/** After this much the networks are loaded, and how long the rest takes is still news. */
const ESTIMATE_AFTER_MS = 5000;

/**
 * Estimates the time left from the speed of this machine as the inputs go by. An input of unknown length counts like the
 * mean of the others.
 * @param now a monotonic clock, milliseconds
 */
export function createTimeLeft(open: OpenInputs, now: () => number): TimeLeft {
  const known = [...open.values()].filter((frames) => frames !== null);
  const mean = known.length === 0 ? 1 : known.reduce((sum, frames) => sum + frames, 0) / known.length;
  const expected = (input: string): number => Math.max(1, open.get(input) ?? mean);
  const total = [...open.keys()].reduce((sum, input) => sum + expected(input), 0);
  const running = new Map<string, { readonly before: number; frames: number }>();
  let covered = 0;
  let analysed = 0;
  let began: number | null = null;
  let estimated = false;
  const elapsed = (): number => (began === null ? 0 : now() - began);

  function standing(): Standing {
    const states = [...running];
    const frames = analysed + states.reduce((sum, [, state]) => sum + state.frames - state.before, 0);
    const done =
      covered + states.reduce((sum, [input, state]) => sum + Math.min(state.frames, expected(input)), 0);
    const spent = elapsed();
    const framesPerSecond = spent < LEAST_MS || frames === 0 ? null : (frames * 1000) / spent;
    const isKnown = framesPerSecond !== null && known.length > 0;
    return {
      share: total === 0 ? 1 : Math.min(1, done / total),
      framesPerSecond,
      secondsLeft: isKnown ? Math.max(0, total - done) / framesPerSecond : null,
    };
  }

  return {
    started(input, framesBefore) {
      began ??= now();
      running.set(input, { before: framesBefore, frames: framesBefore });
    },
    advanced(input, frames) {
      const state = running.get(input);
      if (state !== undefined) state.frames = frames;
    },
    finished(input) {
      const state = running.get(input);
      running.delete(input);
      if (state !== undefined) analysed += state.frames - state.before;
      if (open.has(input)) covered += expected(input);
    },
    standing,
    estimate() {
      if (estimated || elapsed() < ESTIMATE_AFTER_MS) return null;
      const { framesPerSecond, secondsLeft } = standing();
      if (framesPerSecond === null || secondsLeft === null) return null;
      estimated = true;
      const whole = clockTime(elapsed() / 1000 + secondsLeft);
      return `All of it takes about ${whole} at ${framesPerSecond.toFixed(framesPerSecond < 10 ? 1 : 0)} frames a second.`;
    },
  };
}

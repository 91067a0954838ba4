import { MultiBar, Presets, type SingleBar } from 'cli-progress';

import { clockTime } from '../report/clock-time.js';
import type { AnalyzeProgress } from './analyze-run.js';
import { planSentences, type PlannedInput } from './plan.js';
import { createTimeLeft, type TimeLeft } from './time-left.js';

/** Lines for a pipe come at this distance. */
const LINE_EVERY_MS = 10_000;

/**
 * How progress is shown, on standard error: the plan first, and how long it takes once that is measured; a bar for each
 * input and one for all on a terminal, a line every 10 s in a pipe.
 */
export function createProgress({ quiet }: { readonly quiet: boolean }): AnalyzeProgress {
  if (quiet) {
    return {
      planned: nothing,
      started: nothing,
      advanced: nothing,
      finished: nothing,
      said: nothing,
      ended: nothing,
    };
  }
  return process.stderr.isTTY ? bars() : lines();
}

const nothing = (): void => undefined;
const write = (line: string): void => void process.stderr.write(`${line}\n`);

function timeLeftOf(plan: readonly PlannedInput[]): TimeLeft {
  const open = plan.filter(({ done }) => done === null).map(({ path, frames }) => [path, frames] as const);
  return createTimeLeft(new Map(open), () => performance.now());
}

/** As `3 of 100 inputs finished, 12 %, 210 fps, 1:02:00 left`. */
function standingWords(time: TimeLeft | null, done: number, planned: number): string {
  const inputs = `${done} of ${planned} inputs finished`;
  if (time === null) return inputs;
  const { share, framesPerSecond, secondsLeft } = time.standing();
  return [
    inputs,
    `${Math.floor(share * 100)} %`,
    ...(framesPerSecond === null ? [] : [`${framesPerSecond.toFixed(0)} fps`]),
    ...(secondsLeft === null ? [] : [`${clockTime(secondsLeft)} left`]),
  ].join(', ');
}

function bars(): AnalyzeProgress {
  const all = new MultiBar(
    {
      format: '{bar} {percentage} % | {words}',
      stream: process.stderr,
      clearOnComplete: true,
      barsize: 24,
    },
    Presets.shades_classic,
  );
  const open = new Map<string, { bar: SingleBar; began: number; before: number; durationUs: number }>();
  let overall: SingleBar | null = null;
  let time: TimeLeft | null = null;
  let planned = 0;
  let done = 0;
  const showAll = (): void => {
    overall?.update(Math.round((time?.standing().share ?? 0) * 100), {
      words: standingWords(time, done, planned),
    });
  };
  return {
    planned(plan, failures) {
      for (const sentence of planSentences(plan)) write(sentence);
      planned = plan.length + failures;
      time = timeLeftOf(plan);
      overall = all.create(100, 0, { words: standingWords(time, done, planned) });
    },
    started(input, durationUs, framesBefore) {
      time?.started(input, framesBefore);
      const bar = all.create(100, 0, { words: input });
      open.set(input, {
        bar,
        began: performance.now(),
        before: framesBefore,
        durationUs: durationUs ?? 0,
      });
    },
    advanced(input, timeUs, frames) {
      time?.advanced(input, frames);
      const state = open.get(input);
      if (state === undefined) return;
      const seconds = (performance.now() - state.began) / 1000;
      const share = state.durationUs > 0 ? Math.min(1, timeUs / state.durationUs) : 0;
      const fps = ((frames - state.before) / seconds).toFixed(0);
      state.bar.update(Math.round(share * 100), { words: `${input} | ${frames} frames, ${fps} fps` });
      const estimate = time?.estimate() ?? null;
      if (estimate !== null) all.log(`${estimate}\n`);
      showAll();
    },
    finished({ input, state, reason }) {
      const shown = open.get(input);
      if (shown !== undefined) all.remove(shown.bar);
      open.delete(input);
      time?.finished(input);
      done += 1;
      if (state === 'failed') all.log(`failed  ${input}: ${reason ?? ''}\n`);
      showAll();
    },
    said(sentence) {
      all.log(`${sentence}\n`);
    },
    ended() {
      // What was logged last waits for the next drawing, and there is none after the end.
      all.update();
      all.stop();
    },
  };
}

function lines(): AnalyzeProgress {
  let said = performance.now();
  let done = 0;
  let planned = 0;
  let time: TimeLeft | null = null;
  const durations = new Map<string, number | null>();
  return {
    planned(plan, failures) {
      for (const sentence of planSentences(plan)) write(sentence);
      planned = plan.length + failures;
      time = timeLeftOf(plan);
    },
    started(input, durationUs, framesBefore) {
      time?.started(input, framesBefore);
      durations.set(input, durationUs);
      const before = framesBefore === 0 ? '' : `, going on after ${framesBefore} frames`;
      write(
        `${input}: ${durationUs === null ? 'length unknown' : `${(durationUs / 1e6).toFixed(1)} s`}${before}`,
      );
    },
    advanced(input, timeUs, frames) {
      time?.advanced(input, frames);
      const estimate = time?.estimate() ?? null;
      if (estimate !== null) write(estimate);
      const now = performance.now();
      if (now - said < LINE_EVERY_MS) return;
      said = now;
      const durationUs = durations.get(input) ?? null;
      const of = durationUs === null ? '' : ` of ${(durationUs / 1e6).toFixed(0)} s`;
      write(
        `${input}: ${(timeUs / 1e6).toFixed(0)} s${of}, ${frames} frames; ${standingWords(time, done, planned)}`,
      );
    },
    finished({ input, state, reason }) {
      time?.finished(input);
      done += 1;
      if (state === 'failed') write(`failed  ${input}: ${reason ?? ''}`);
    },
    said: write,
    ended: nothing,
  };
}

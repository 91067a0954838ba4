import { MultiBar, Presets, type SingleBar } from 'cli-progress';

import type { AnalyzeProgress } from './analyze-run.js';

/** Lines for a pipe come at this distance. */
const LINE_EVERY_MS = 10_000;

/** How progress is shown: a bar for each input on a terminal, a line every 10 s in a pipe; on standard error. */
export function createProgress({ quiet }: { readonly quiet: boolean }): AnalyzeProgress {
  if (quiet) return { planned: nothing, started: nothing, advanced: nothing, finished: nothing };
  return process.stderr.isTTY ? bars() : lines();
}

const nothing = (): void => undefined;

function bars(): AnalyzeProgress {
  const format = '{bar} {percentage} % | {file} | {frames} frames, {fps} fps | {left} left';
  const all = new MultiBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 24 },
    Presets.shades_classic,
  );
  const open = new Map<string, { bar: SingleBar; began: number; durationUs: number }>();
  let planned = 0;
  let done = 0;
  return {
    planned(inputs) {
      planned = inputs;
    },
    started(input, durationUs) {
      const bar = all.create(100, 0, { file: input, frames: 0, fps: '-', left: '-' });
      open.set(input, { bar, began: performance.now(), durationUs: durationUs ?? 0 });
    },
    advanced(input, timeUs, frames) {
      const state = open.get(input);
      if (state === undefined) return;
      const seconds = (performance.now() - state.began) / 1000;
      const share = state.durationUs > 0 ? Math.min(1, timeUs / state.durationUs) : 0;
      const left = share > 0.01 ? `${Math.round((seconds * (1 - share)) / share)} s` : '-';
      state.bar.update(Math.round(share * 100), { frames, fps: (frames / seconds).toFixed(0), left });
    },
    finished({ input, state, reason }) {
      const shown = open.get(input);
      if (shown !== undefined) all.remove(shown.bar);
      open.delete(input);
      done += 1;
      if (state === 'failed') all.log(`failed  ${input}: ${reason ?? ''}\n`);
      if (done === planned) all.stop();
    },
  };
}

function lines(): AnalyzeProgress {
  let said = performance.now();
  let done = 0;
  let planned = 0;
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  const durations = new Map<string, number | null>();
  return {
    planned(inputs) {
      planned = inputs;
    },
    started(input, durationUs) {
      durations.set(input, durationUs);
      write(`${input}: ${durationUs === null ? 'length unknown' : `${(durationUs / 1e6).toFixed(1)} s`}`);
    },
    advanced(input, timeUs, frames) {
      const now = performance.now();
      if (now - said < LINE_EVERY_MS) return;
      said = now;
      const durationUs = durations.get(input) ?? null;
      const of = durationUs === null ? '' : ` of ${(durationUs / 1e6).toFixed(0)} s`;
      write(
        `${input}: ${(timeUs / 1e6).toFixed(0)} s${of}, ${frames} frames; ${done} of ${planned} inputs finished`,
      );
    },
    finished({ input, state, reason }) {
      done += 1;
      if (state === 'failed') write(`failed  ${input}: ${reason ?? ''}`);
    },
  };
}

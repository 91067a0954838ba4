import type { Clip } from './ffmpeg.js';
import { runContender, type Run } from './contenders.js';
import type { Machine } from './machine.js';
import type { ContenderName } from './options.js';
import { profileOf, type Profile } from './profile.js';
import { median, type ClipReport, type Row } from './results.js';
import { recordTrace } from './trace/record-trace.js';

/** What is measured, and how often. */
export interface MeasureOptions {
  readonly machine: Machine;
  readonly rounds: number;
  readonly only: readonly ContenderName[];
  /** Told what goes on. */
  readonly say: (line: string) => void;
}

/**
 * Measures the contenders on a clip in turn, round by round, so that whatever else changes on the machine meets all of
 * them. A traced run of `deadpan` comes first: it says where its time goes and what the bare engine has to do.
 */
export async function measureClip(clip: Clip, options: MeasureOptions): Promise<ClipReport> {
  const { machine, rounds, only, say } = options;
  let trace = '';
  let profile: Profile | null = null;
  if (only.includes('deadpan') || only.includes('bare-engine')) {
    say(`${clip.name}: tracing deadpan`);
    const { folder, run } = await recordTrace(clip);
    trace = folder;
    profile = profileOf(folder, run.stages);
  }
  const runs = new Map<ContenderName, Run[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of only) {
      const run = await runContender(name, { clip, trace });
      runs.set(name, [...(runs.get(name) ?? []), run]);
      const { frames, faces, seconds } = run;
      say(`${clip.name}: round ${round}, ${name}: ${(frames / seconds).toFixed(1)} fps, ${faces} faces`);
    }
  }
  const rows = only.map((name) => rowOf(name, runs.get(name) ?? []));
  const limit = rows.find(({ name }) => name === 'bare-engine')?.fps;
  const { name, width, height, seconds, fps } = clip;
  return {
    machine,
    clip: { name, width, height, seconds, fps },
    rounds,
    rows: rows.map((row) =>
      row.name === 'deadpan' && limit !== undefined
        ? { ...row, limitShare: rounded(row.fps / limit, 3) }
        : row,
    ),
    profile,
  };

  function rowOf(contender: ContenderName, measured: readonly Run[]): Row {
    const of = (value: (run: Run) => number): number => median(measured.map(value));
    const cpuSeconds = of((run) => run.cpuSeconds);
    return {
      name: contender,
      fps: rounded(
        of((run) => run.frames / run.seconds),
        1,
      ),
      frames: of((run) => run.frames),
      faces: of((run) => run.faces),
      facesPerSecond: rounded(
        of((run) => run.faces / run.seconds),
        1,
      ),
      cpuSeconds: rounded(cpuSeconds, 2),
      cpuSecondsPerMinute: rounded((cpuSeconds * 60) / clip.seconds, 1),
      peakMemoryMB: Math.round(of((run) => run.peakMemoryMB)),
      limitShare: null,
      startSeconds: rounded(
        of((run) => run.wallSeconds - run.seconds),
        2,
      ),
    };
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

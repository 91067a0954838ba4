import { linkSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { mosaic, oneFace, oneFaceLong } from './clips.js';
import { runDeadpan, type Run } from './contenders.js';
import { describeClip } from './ffmpeg.js';
import { cache } from './folders.js';
import { median } from './results.js';

/** Deadpan at one size of a task. */
export interface ScalingRow {
  /** Faces in a frame, or videos at once. */
  readonly count: number;
  /** Over all videos together. */
  readonly fps: number;
  readonly facesPerSecond: number;
  readonly cpuSecondsPerMinute: number;
  readonly peakMemoryMB: number;
}

/** How Deadpan's cost grows. */
export interface Scaling {
  /** By faces in a frame: mosaics of one size. */
  readonly faces: readonly ScalingRow[];
  /** By videos at once, each with one face. */
  readonly streams: readonly ScalingRow[];
  readonly archive: ArchiveCost;
}

/**
 * What more of the same costs: the difference between a long and a short video of one face, so without start and report.
 */
export interface ArchiveCost {
  /** Frames a second. */
  readonly fps: number;
  /** For an hour of 640 x 360 pixels at 25 frames a second, every frame analysed. */
  readonly minutesPerHour: number;
  readonly cpuMinutesPerHour: number;
}

const FACES = [1, 2, 4, 8];
const STREAMS = [1, 2, 4];

/** Measures it, in rounds like the clips. */
export async function measureScaling(rounds: number, say: (line: string) => void): Promise<Scaling> {
  const one = mosaic(1);
  const { seconds } = describeClip('one face', one);
  const folder = mkdtempSync(join(cache, 'streams-'));
  try {
    const copies = Array.from({ length: Math.max(...STREAMS) }, (_, i) => join(folder, `${i + 1}.mp4`));
    for (const copy of copies) linkSync(one, copy);
    return {
      faces: await inTurn('faces', FACES, (count) => [mosaic(count)]),
      streams: await inTurn('streams', STREAMS, (count) => copies.slice(0, count)),
      archive: await measureArchive(rounds, say),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  async function inTurn(
    what: string,
    counts: readonly number[],
    clipsOf: (count: number) => readonly string[],
  ): Promise<ScalingRow[]> {
    const runs = new Map<number, Run[]>();
    for (let round = 1; round <= rounds; round += 1) {
      for (const count of counts) {
        const run = await runDeadpan(clipsOf(count));
        runs.set(count, [...(runs.get(count) ?? []), run]);
        say(`scaling: round ${round}, ${count} ${what}: ${(run.frames / run.seconds).toFixed(1)} fps`);
      }
    }
    return counts.map((count) => {
      const of = (value: (run: Run) => number): number => median((runs.get(count) ?? []).map(value));
      const minutes = (seconds * clipsOf(count).length) / 60;
      return {
        count,
        fps: Number(of((run) => run.frames / run.seconds).toFixed(1)),
        facesPerSecond: Number(of((run) => run.faces / run.seconds).toFixed(1)),
        cpuSecondsPerMinute: Number((of((run) => run.cpuSeconds) / minutes).toFixed(1)),
        peakMemoryMB: Math.round(of((run) => run.peakMemoryMB)),
      };
    });
  }
}

async function measureArchive(rounds: number, say: (line: string) => void): Promise<ArchiveCost> {
  const [short, long] = [oneFace(), oneFaceLong()];
  const seconds = describeClip('long', long).seconds - describeClip('short', short).seconds;
  const more: Pick<Run, 'frames' | 'seconds' | 'cpuSeconds'>[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const [less, all] = [await runDeadpan([short]), await runDeadpan([long])];
    more.push({
      frames: all.frames - less.frames,
      seconds: all.seconds - less.seconds,
      cpuSeconds: all.cpuSeconds - less.cpuSeconds,
    });
    say(`scaling: round ${round}, ${seconds.toFixed(0)} s more`);
  }
  const of = (value: (run: (typeof more)[number]) => number, digits: number): number =>
    Number(median(more.map(value)).toFixed(digits));
  return {
    fps: of((run) => run.frames / run.seconds, 1),
    minutesPerHour: of((run) => (run.seconds / seconds) * 60, 1),
    cpuMinutesPerHour: of((run) => (run.cpuSeconds / seconds) * 60, 1),
  };
}

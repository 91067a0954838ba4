import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledFfmpeg, findFfmpeg, type Ffmpeg } from './ffmpeg.js';

/** Media files that tests make for themselves, in a folder of their own. */
export interface SampleMedia {
  readonly folder: string;
  /** Path of a file in the folder. */
  path(name: string): string;
  /** Runs ffmpeg with these arguments and the named output; returns its path. */
  make(name: string, ...args: readonly string[]): string;
  /** Writes bytes; returns the path. */
  write(name: string, bytes: Uint8Array | string): string;
  /** What ffmpeg's own showinfo filter says about a file's times, in whole microseconds: a reference of its own. */
  referenceTimesUs(path: string): number[];
  remove(): void;
}

/** A clip without sound: moving colours, a frame counter, B-frames. `size` is `WIDTHxHEIGHT`. */
export function pattern(size: string, seconds: number, fps = 25): string[] {
  return ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=${fps}`, '-t', String(seconds)];
}

/** H.264 with a key frame a second and B-frames. */
export const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-pix_fmt',
  'yuv420p',
  '-g',
  '25',
  '-bf',
  '2',
] as const;

/** Makes the folder. */
export function createSampleMedia(ffmpeg: Ffmpeg): SampleMedia {
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-ingest-'));
  const path = (name: string): string => join(folder, name);
  return {
    folder,
    path,
    make(name, ...args) {
      execFileSync(ffmpeg.path, ['-nostdin', '-y', '-v', 'error', ...args, path(name)]);
      return path(name);
    },
    write(name, bytes) {
      writeFileSync(path(name), bytes);
      return path(name);
    },
    referenceTimesUs(file) {
      const args = ['-nostdin', '-hide_banner', '-v', 'info', '-i', file, '-map', '0:v:0'];
      const sink = [ffmpeg.frameTimingOption, 'passthrough', '-vf', 'showinfo', '-f', 'null', '-'];
      const { stderr } = spawnSync(ffmpeg.path, [...args, ...sink], { encoding: 'utf8', maxBuffer: 1 << 26 });
      const base = /config in time_base: (\d+)\/(\d+)/.exec(stderr);
      const [num, den] = [Number(base?.[1]), Number(base?.[2])];
      return [...stderr.matchAll(/\] n: *\d+ pts: *(-?\d+) /g)].map((match) =>
        Math.round((Number(match[1]) * num * 1e6) / den),
      );
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The binaries to test with: the one that is found, and the one that npm brings, where that is another. */
export async function testedFfmpegs(): Promise<Ffmpeg[]> {
  const found = await findFfmpeg();
  const bundled = bundledFfmpeg();
  if (bundled === null || bundled === found.path) return [found];
  return [found, await findFfmpeg({ ...process.env, FFMPEG_PATH: bundled })];
}

/** Process ids of the children of this process, as the kernel knows them; zombies count. */
export function childPids(): number[] {
  const tasks = readdirSync('/proc/self/task');
  return tasks.flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number),
  );
}

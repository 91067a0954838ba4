import { spawnSync } from 'node:child_process';

/** Longest side of the frames that everybody gets: that of the `analyze` command. */
const MAX_SIDE = 1280;

/** The ffmpeg that everybody uses: FFMPEG_PATH, or the one on the PATH. */
export const FFMPEG = process.env['FFMPEG_PATH'] ?? 'ffmpeg';

/** A video to measure on. */
export interface Clip {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly fps: number;
  /** Size of the frames that are analysed. */
  readonly analysed: { readonly width: number; readonly height: number };
}

/**
 * Runs ffmpeg to its end and gives what it says.
 * @throws Error with its last line when it fails
 */
export function runFfmpeg(args: readonly string[]): string {
  const { error, status, stderr } = spawnSync(FFMPEG, ['-hide_banner', '-nostdin', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) throw new Error(`ffmpeg could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`ffmpeg failed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return stderr;
}

/** Its version. */
export function ffmpegVersion(): string {
  const { stdout } = spawnSync(FFMPEG, ['-version'], { encoding: 'utf8' });
  return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/**
 * Looks at a video.
 * @throws Error when ffmpeg cannot read it
 */
export function describeClip(name: string, path: string): Clip {
  // One decoded frame, because ffmpeg alone fails without an output.
  const said = runFfmpeg(['-i', path, '-map', '0:V:0', '-frames:v', '1', '-f', 'null', '-']);
  const [, hours = 0, minutes = 0, rest = 0] = (/Duration: (\d+):(\d+):([\d.]+)/.exec(said) ?? []).map(
    Number,
  );
  const [, width = 0, height = 0] = (/Video: .*?, (\d+)x(\d+)/.exec(said) ?? []).map(Number);
  const fps = Number(/([\d.]+) fps/.exec(said)?.[1] ?? 0);
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  const analysed = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return { name, path, width, height, seconds: hours * 3600 + minutes * 60 + rest, fps, analysed };
}

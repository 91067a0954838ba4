import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FFMPEG, type Clip } from './ffmpeg.js';
import { root } from './folders.js';
import type { ContenderName } from './options.js';
import { measureProcess, type Command, type ProcessCost } from './process-cost.js';

/** One run of a contender over a clip. */
export interface Run extends Omit<ProcessCost, 'stdout'> {
  readonly frames: number;
  readonly faces: number;
  /** What the frames took. */
  readonly seconds: number;
  /** Seconds of each stage, where the contender has stages. Calls that run side by side or wait for a worker add up. */
  readonly stages: Readonly<Record<string, number>>;
}

/** What a contender works on. */
export interface Job {
  readonly clip: Clip;
  /** Folder with the trace of a run of `deadpan` over the clip; for `bare-engine`. */
  readonly trace: string;
}

type Outcome = Pick<Run, 'frames' | 'faces' | 'seconds'> & Partial<Pick<Run, 'stages'>>;

const { execPath } = process;
const bench = (path: string): string => join(root, 'bench', path);

/** Measures one contender on one clip. */
export async function runContender(name: ContenderName, job: Job): Promise<Run> {
  switch (name) {
    case 'deadpan':
      return runDeadpan([job.clip.path]);
    case 'face-api-ssd':
      return runPeer('face-api.mjs', job.clip, { detector: 'ssd' });
    case 'face-api-tiny':
      return runPeer('face-api.mjs', job.clip, { detector: 'tiny' });
    case 'human':
      return runPeer('human.mjs', job.clip, { following: false });
    case 'human-following':
      return runPeer('human.mjs', job.clip, { following: true });
    case 'bare-engine':
      // As in Deadpan's own pool.
      return runJson([execPath, bench('dist/bare-engine/main.js'), job.trace], {
        ORT_DISABLE_TELEMETRY: '1',
      });
    case 'bare-decode':
      return runDecoder(job.clip);
  }
}

/** What `analyze --json` prints of an input, as far as it matters here. */
interface InputRecord {
  readonly frames: number;
  readonly faces: number;
  readonly seconds: number;
  readonly stages: Readonly<Record<string, { readonly seconds: number }>>;
}

/**
 * Measures the `analyze` command, in a folder of its own and with the default configuration.
 * @param nodeOptions options for Node, before the program
 */
export async function runDeadpan(
  clips: readonly string[],
  { nodeOptions = [], env = {} }: { nodeOptions?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-bench-'));
  try {
    // A deadpan.yaml of whoever runs the bench must not count.
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const analyze = [
      join(root, 'apps/cli/bin/deadpan.js'),
      'analyze',
      ...clips,
      '--out',
      join(folder, 'out'),
    ];
    const flags = ['--quiet', '--json', '--jobs', `${clips.length}`];
    const { stdout, ...cost } = await measureProcess([execPath, ...nodeOptions, ...analyze, ...flags], {
      cwd: empty,
      env,
    });
    const records = JSON.parse(stdout) as InputRecord[];
    const sum = (of: (record: InputRecord) => number): number =>
      records.reduce((total, record) => total + of(record), 0);
    const names = Object.keys(records[0]?.stages ?? {});
    return {
      ...cost,
      frames: sum(({ frames }) => frames),
      faces: sum(({ faces }) => faces),
      seconds: Math.max(...records.map(({ seconds }) => seconds)),
      stages: Object.fromEntries(
        names.map((name) => [name, sum(({ stages }) => stages[name]?.seconds ?? 0)]),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPeer(
  script: string,
  { path, analysed }: Clip,
  options: Record<string, string | boolean>,
): Promise<Run> {
  const job = { ffmpeg: FFMPEG, clip: path, ...analysed, ...options };
  return runJson([execPath, bench(`peers/${script}`), JSON.stringify(job)]);
}

/** A contender that prints its outcome as JSON in its last line. */
async function runJson(command: Command, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const { stdout, ...cost } = await measureProcess(command, { cwd: root, env });
  return { stages: {}, ...cost, ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome) };
}

/** Decoding alone: the frames that Deadpan gets, thrown away. */
async function runDecoder({ path, analysed: { width, height } }: Clip): Promise<Run> {
  const decode = ['-v', 'error', '-nostdin', '-i', path, '-map', '0:V:0', '-fps_mode', 'passthrough'];
  const output = [
    '-vf',
    `scale=${width}:${height}`,
    '-pix_fmt',
    'rgb24',
    '-c:v',
    'rawvideo',
    '-f',
    'null',
    '-',
  ];
  const { stdout, ...cost } = await measureProcess([FFMPEG, ...decode, '-progress', 'pipe:1', ...output], {
    cwd: root,
  });
  const frames = Number([...stdout.matchAll(/^frame=(\d+)/gm)].at(-1)?.[1] ?? 0);
  return { ...cost, frames, faces: 0, seconds: cost.wallSeconds, stages: {} };
}

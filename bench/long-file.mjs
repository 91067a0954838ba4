// Measures `deadpan analyze` over a long file: whether memory stays flat and speed stays the same to the end.
//
//   node bench/long-file.mjs [--minutes 120] [--clip FILE] [--kill] [-- FLAGS OF ANALYZE]
//
// The file is FILE (by default the demo clip), looped without encoding. Memory is the resident set of the process and of
// its children; speed is taken from the progress lines, over the first and the last ten minutes of media, or third of a
// shorter file. With --kill the file is analysed once more, killed with -9 at nine tenths and started again: how much it
// does again, and whether all that it writes is the same to the byte.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    clip: { type: 'string' },
    kill: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
const SAMPLE_MS = 2000;
/** Media at the beginning and at the end whose speeds are compared, seconds. */
const stretch = Math.min(600, minutes * 20);

mkdirSync(join(root, '.cache/bench'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache/bench/long-'));
const input = join(folder, 'long.mp4');
const clip = values.clip ?? join(root, 'test/media/clip.mp4');
const looped = ['-stream_loop', '-1', '-i', clip, '-t', String(minutes * 60), '-c', 'copy', '-an', input];
execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...looped]);
// What is still to be written to the disk would slow down the first minutes.
execFileSync('sync');

/** Resident memory of a process and of its children in MB; Linux only. */
function residentMB(pid) {
  const own = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return Number(own) / 1024 + children.reduce((sum, child) => sum + residentMB(child), 0);
}

function print(rows) {
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(46)}${value}\n`);
}

/** `deadpan analyze` of the file into a folder. */
function analyze(out) {
  const command = [join(root, 'apps/cli/bin/deadpan.js'), 'analyze', input, '--out', join(folder, out)];
  return spawn(process.execPath, [...command, ...positionals], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Its progress as it comes: seconds of media and frames. Other lines are passed on. */
async function* progressOf(child) {
  for await (const line of createInterface({ input: child.stderr })) {
    const progress = /: (\d+) s of \d+ s, (\d+) frames;/.exec(line);
    if (progress === null) process.stderr.write(`${line}\n`);
    else yield { media: Number(progress[1]), frames: Number(progress[2]) };
  }
}

async function ended(child) {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('close', resolve));
  }
  return child.signalCode ?? child.exitCode;
}

async function succeeded(child) {
  const code = await ended(child);
  if (code !== 0) throw new Error(`analyze ended with ${code}`);
}

/** Analyses the file, kills it at nine tenths, starts it again and compares what both runs wrote. */
async function killAndGoOn() {
  const killed = analyze('killed');
  let reached = 0;
  for await (const { media } of progressOf(killed)) {
    reached = media;
    if (media >= minutes * 60 * 0.9) killed.kill('SIGKILL');
  }
  await ended(killed);
  const began = performance.now();
  const again = analyze('killed');
  let from;
  for await (const { media } of progressOf(again)) from ??= media;
  await succeeded(again);
  const [one, other] = ['out', 'killed'].map((name) => fingerprints(join(folder, name)));
  const names = [...new Set([...one.keys(), ...other.keys()])];
  const different = names.filter((name) => one.get(name) !== other.get(name));
  return {
    'killed at, s of media': reached,
    'first progress after the restart, s of media': from,
    'wall clock of the rest, s': ((performance.now() - began) / 1000).toFixed(0),
    'files written': names.length,
    'files that differ': different.length === 0 ? '0' : different.join(', '),
  };
}

/** SHA-256 of every file under a folder by its path in it, but for `run.json`, which tells how long it took. */
function fingerprints(at) {
  const files = readdirSync(at, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== 'run.json',
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(at, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

try {
  const began = performance.now();
  const child = analyze('out');
  const memory = [];
  const sampler = setInterval(() => {
    try {
      memory.push({ at: performance.now() - began, megabytes: residentMB(child.pid) });
    } catch {
      // A process that ends between two readings.
    }
  }, SAMPLE_MS);
  /** Progress: seconds since the start, seconds of media, frames. */
  const points = [];
  for await (const { media, frames } of progressOf(child)) {
    points.push([(performance.now() - began) / 1000, media, frames]);
  }
  clearInterval(sampler);
  await succeeded(child);
  const seconds = (performance.now() - began) / 1000;
  const summary = JSON.parse(readFileSync(join(folder, 'out/long/summary.json'), 'utf8'));

  const speed = (from, to) => {
    const within = points.filter(([, media]) => media >= from && media <= to);
    const [first, last] = [within[0], within.at(-1)];
    return within.length < 2 ? NaN : (last[2] - first[2]) / (last[0] - first[0]);
  };
  const settled = memory.filter(({ at }) => at >= 60_000).map(({ megabytes }) => megabytes);
  const [first, last] = [speed(0, stretch), speed(minutes * 60 - stretch, minutes * 60)];
  const rows = {
    'media, minutes': minutes,
    'wall clock, s': seconds.toFixed(0),
    frames: summary.frames.analysed,
    'frames a second': (summary.frames.analysed / seconds).toFixed(1),
    'memory after the first minute, MB, least': Math.min(...settled).toFixed(0),
    'memory after the first minute, MB, most': Math.max(...settled).toFixed(0),
    [`frames a second, first ${stretch} s of media`]: first.toFixed(1),
    [`frames a second, last ${stretch} s of media`]: last.toFixed(1),
    'last to first': (last / first).toFixed(3),
  };
  print(rows);
  if (values.kill) print(await killAndGoOn());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize } from 'node:v8';

import { CLIP, deadpan } from './command-line.js';

/*
 * An archive whose analysis is killed again and again, or spread over machines, comes out as if nothing had been.
 * TEST_CLIPS sets how many clips (default 16).
 */

const CLIPS = Number(process.env['TEST_CLIPS'] ?? 16);
const KILLS = 5;

const folder = mkdtempSync(join(tmpdir(), 'deadpan-interruption-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const archive = join(folder, 'archive');
const whole = join(folder, 'whole');
const analyze = (out: string, ...more: string[]): string[] => [
  ...['analyze', archive, '--out', out, '--fps', '5', '--format', 'parquet', ...more],
];

before(async () => {
  mkdirSync(join(archive, 'second'), { recursive: true });
  for (let i = 0; i < CLIPS; i += 1) {
    const made = join(archive, i % 3 === 0 ? 'second' : '.', `clip-${i}.mp4`);
    const start = ((i * 17) / CLIPS).toFixed(2);
    const encoding = ['-t', '1', '-an', '-c:v', 'libx264', '-preset', 'ultrafast', made];
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-ss', start, '-i', CLIP, ...encoding]);
  }
  writeFileSync(join(archive, 'broken.mp4'), 'This is not a video.\n'.repeat(100));
  const { code, stderr } = await deadpan(analyze(whole));
  assert.equal(code, 1, 'one of the inputs is broken');
  assert.match(
    stderr,
    new RegExp(`^${CLIPS + 1} inputs: ${CLIPS} videos \\(\\d:\\d\\d\\), 1 file of unknown`),
  );
});

/** Every file below, hidden ones too, with its bytes; run.json says how long it took, which nothing makes the same. */
function filesOf(out: string): Map<string, string> {
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => name !== 'run.json' && statSync(join(out, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(out, name)).toString('base64')]));
}

function assertSame(out: string): void {
  const [expected, actual] = [filesOf(whole), filesOf(out)];
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [name, bytes] of expected) assert.ok(actual.get(name) === bytes, `${name} is the same`);
}

interface RunFile {
  readonly inputs: readonly { readonly input: string; readonly state: string; readonly frames: number }[];
}
const runOf = (out: string): RunFile => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunFile;

test('killed at random moments, the same command ends with the same bytes and does no finished file twice', async (t) => {
  const out = join(folder, 'killed');
  const finished = new Map<string, number>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const starts = 1 + Math.floor((Math.random() * CLIPS) / KILLS);
    const wait = Math.random() * 400;
    t.diagnostic(`killed ${wait.toFixed(0)} ms after ${starts} inputs had begun`);
    let seen = false;
    const { code } = await deadpan(analyze(out), {
      onOutput(child, said) {
        if (seen || [...said.matchAll(/mp4: [\d.]+ s$/gm)].length < starts) return;
        seen = true;
        setTimeout(() => child.kill('SIGKILL'), wait);
      },
    });
    assert.equal(code, null, 'it was killed');
    for (const name of filesOf(out).keys()) {
      const path = join(out, name);
      if (!name.endsWith('summary.json') || name.includes('.partial')) continue;
      const { ctimeMs } = statSync(path);
      assert.equal(ctimeMs, finished.get(name) ?? ctimeMs, `${name} was made once`);
      finished.set(name, ctimeMs);
    }
  }
  const { code, stderr } = await deadpan(analyze(out));
  assert.equal(code, 1, stderr);
  for (const [name, ctimeMs] of finished) assert.equal(statSync(join(out, name)).ctimeMs, ctimeMs, name);
  assert.equal(runOf(out).inputs.filter(({ state }) => state === 'skipped').length, finished.size);
  assertSame(out);
});

test('two shards in one folder, at the same time, give what one run gives', async () => {
  const out = join(folder, 'shards');
  const ends = await Promise.all(
    ['1/2', '2/2'].map((shard) => deadpan(analyze(out, '--shard', shard, '--jobs', '1'))),
  );
  assert.deepEqual(
    ends.map(({ code }) => code).sort(),
    [0, 1],
    'only the shard with the broken input says so',
  );
  assertSame(out);
  const of = (run: RunFile): unknown => run.inputs.map(({ input, frames }) => [input, frames]);
  assert.deepEqual(of(runOf(out)), of(runOf(whole)));
});

test('a file that is killed late goes on from there and ends with the same bytes; another option begins anew', async () => {
  const undisturbed = join(folder, 'one');
  const out = join(folder, 'long');
  const flags = ['--fps', '10', '--references', '--annotate', '--format', 'openface'];
  assert.equal((await deadpan(['analyze', CLIP, '--out', undisturbed, ...flags])).code, 0);

  const reached = (): number => {
    const checkpoint = join(out, '.clip.partial', 'checkpoint');
    if (!existsSync(checkpoint)) return -1;
    const { position } = deserialize(readFileSync(checkpoint)) as { position: { sequence: number } };
    return position.sequence;
  };
  let killed = false;
  await deadpan(['analyze', CLIP, '--out', out, '--checkpoint', '0', ...flags], {
    onOutput(child) {
      if (killed) return;
      killed = true;
      void (async () => {
        while (reached() < 140 && child.exitCode === null) await delay(20);
        child.kill('SIGKILL');
      })();
    },
  });
  const modeOf = (...names: string[]): number => statSync(join(out, '.clip.partial', ...names)).mode & 0o777;
  assert.equal(modeOf(), 0o700, 'nobody else may enter the folder');
  assert.equal(modeOf('checkpoint'), 0o600, 'nobody else may look at the faces in the checkpoint');
  const other = join(folder, 'other');
  cpSync(out, other, { recursive: true });

  const { code, stderr } = await deadpan(['analyze', CLIP, '--out', out, ...flags]);
  assert.equal(code, 0, stderr);
  const before = Number(/going on after (\d+) frames/.exec(stderr)?.[1]);
  assert.ok(before > 140, `${before} frames were not done again`);
  const [expected, actual] = [filesOf(undisturbed), filesOf(out)];
  assert.deepEqual([...actual.keys()], [...expected.keys()], 'nothing of the checkpoints is left');
  for (const [name, bytes] of expected) assert.ok(actual.get(name) === bytes, `${name} is the same`);
  assert.equal(
    statSync(join(out, 'clip')).mode,
    statSync(out).mode,
    'whoever may enter the folder of results may enter that of the file',
  );

  const anew = await deadpan(['analyze', CLIP, '--out', other, '--fps', '5', '--end', '1']);
  assert.equal(anew.code, 0, anew.stderr);
  assert.match(anew.stderr, /begins anew, because .*: options differ \(ingest\.fps, --end, /);
  assert.equal(runOf(other).inputs[0]?.frames, 5);
});

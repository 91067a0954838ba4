import assert from 'node:assert/strict';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CLIP, deadpan, type CommandEnd } from './command-line.js';

/* What users rely on when they run a command again. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-rerun-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const tables = (out: string, input = 'clip'): string[] =>
  ['faces.csv', 'emotions.csv'].map((name) => readFileSync(join(out, input, name), 'utf8'));
interface RunFile {
  readonly inputs: readonly {
    readonly state: string;
    readonly input: string;
    readonly output: string;
    readonly frames: number;
  }[];
}
const runOf = (out: string): RunFile => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunFile;

test('the same input gives byte-identical tables, whatever --jobs and the batches are', async () => {
  const one = join(folder, 'one');
  const two = join(folder, 'two');
  const args = [CLIP, '--end', '4', '--quiet'];
  assert.equal((await deadpan(['analyze', ...args, '--out', one, '--jobs', '1'])).code, 0);
  const batches = { DEADPAN_INFERENCE_BATCH_SIZE: '5', DEADPAN_INFERENCE_WORKERS: '1' };
  const second = await deadpan(['analyze', ...args, '--out', two, '--jobs', '2'], { env: batches });
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(tables(one), tables(two));
});

test('what is done is not done again, --force does it again, and another option does it anew', async () => {
  const out = join(folder, 'again');
  const run = async (...flags: string[]): Promise<RunFile> => {
    const { code, stderr } = await deadpan([
      'analyze',
      CLIP,
      '--end',
      '1',
      '--out',
      out,
      '--quiet',
      ...flags,
    ]);
    assert.equal(code, 0, stderr);
    return runOf(out);
  };
  assert.equal((await run()).inputs[0]?.state, 'done');
  const made = statSync(join(out, 'clip', 'faces.csv')).mtimeMs;
  const again = await run();
  assert.equal(again.inputs[0]?.state, 'skipped');
  assert.equal(again.inputs[0].frames, 25);
  assert.equal(statSync(join(out, 'clip', 'faces.csv')).mtimeMs, made);
  assert.equal((await run('--force')).inputs[0]?.state, 'done');
  const sampled = await run('--fps', '5');
  assert.deepEqual([sampled.inputs[0]?.state, sampled.inputs[0]?.frames], ['done', 5]);
});

test('a folder belongs to one file: another of its name, size and date gets its own or is refused', async () => {
  const sessions = join(folder, 'sessions');
  const at = (session: string): string => join(sessions, session, 'cam.mp4');
  for (const session of ['s01', 's02']) cpSync(CLIP, at(session), { preserveTimestamps: true });
  const out = join(folder, 'of-sessions');
  const record = join(out, 'cam', 'record.json');
  const run = async (...names: string[]): Promise<[number | null, string, unknown]> => {
    const { code, stderr } = await deadpan(['analyze', ...names, '--fps', '2', '--end', '1', '--out', out]);
    return [code, stderr, runOf(out).inputs.map(({ state, output }) => [output, state])];
  };
  assert.deepEqual((await run(at('s01')))[2], [['cam', 'done']]);
  const made = readFileSync(record, 'utf8');

  const [code, said, states] = await run(at('s02'));
  assert.equal(code, 1);
  assert.match(said, /of-sessions\/cam holds the results of .*s01\/cam\.mp4, .*E_OUTPUT/);
  assert.deepEqual(states, [['', 'failed']]);
  assert.equal(readFileSync(record, 'utf8'), made);

  assert.deepEqual((await run(at('s01'), at('s02')))[2], [
    ['cam', 'skipped'],
    ['s02/cam', 'done'],
  ]);
  renameSync(join(sessions, 's01'), join(sessions, 's09'));
  assert.deepEqual((await run(at('s09')))[2], [['cam', 'skipped']], 'it was only moved');
  // As records were before they had a path.
  writeFileSync(record, made.replace(/,\s*"path": "[^"]*"/, ''));
  assert.deepEqual((await run(at('s09')))[2], [['cam', 'skipped']]);
});

test('a summary says how many frames were read and how many of them were analysed', async () => {
  const out = join(folder, 'sampled');
  assert.equal((await deadpan(['analyze', CLIP, '--fps', '2', '--out', out, '--quiet'])).code, 0);
  const summary = JSON.parse(readFileSync(join(out, 'clip', 'summary.json'), 'utf8')) as {
    readonly frames: { readonly read: number; readonly analysed: number };
  };
  assert.deepEqual([summary.frames.read, summary.frames.analysed], [500, 40]);
});

/** Runs a command and interrupts it when it has begun with the clip. */
function interrupted(args: readonly string[]): Promise<CommandEnd> {
  let begun = false;
  return deadpan(args, {
    onOutput: (child, said) => {
      if (begun || !/clip\.mp4: [\d.]+ s/.test(said)) return;
      begun = true;
      child.kill('SIGINT');
    },
  });
}

test('Ctrl-C ends with 130 and shows nothing half-written; the same command does the rest', async () => {
  const out = join(folder, 'interrupted');
  const args = ['analyze', CLIP, '--out', out, '--fps', '10'];
  const first = await interrupted(args);
  assert.equal(first.code, 130, first.stderr);
  assert.match(first.stderr, /same command goes on/);
  assert.deepEqual(
    readdirSync(out).filter((name) => name.includes('clip')),
    ['.clip.partial'],
    'what was begun waits out of sight',
  );
  const second = await deadpan(args);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /1 input from where it was interrupted/);
  assert.match(second.stderr, /going on after \d+ frames/);
  assert.deepEqual([runOf(out).inputs[0]?.state, runOf(out).inputs[0]?.frames], ['done', 200]);
  assert.ok(!readdirSync(out).includes('.clip.partial'));

  const forced = await interrupted([...args, '--force']);
  assert.equal(forced.code, 130, forced.stderr);
  assert.match(forced.stderr, /same command does it all again; without --force/);
  assert.equal(runOf(out).inputs[0]?.frames, 200, 'what was there stays');
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { CLIP, deadpan } from './command-line.js';

/* What a user gets for bad input: a sentence that names the file and the reason, and everything else done. */

const folder = mkdtempSync(join(tmpdir(), 'deadpan-bad-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const media = join(folder, 'media');
mkdirSync(media);
const at = (name: string): string => join(media, name);
const ffmpeg = (name: string, ...args: string[]): void =>
  void execFileSync('ffmpeg', ['-nostdin', '-y', '-v', 'error', ...args, at(name)]);
const pattern = (size: string, seconds: string): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=s=${size}:r=10:d=${seconds}`,
];

interface RunFile {
  readonly inputs: readonly {
    readonly input: string;
    readonly state: string;
    readonly reason: string | null;
    readonly frames: number;
  }[];
}

test('a folder of good and bad files: each bad one is named with its reason, each good one is done', async () => {
  const clip = readFileSync(CLIP);
  writeFileSync(at('empty.mp4'), '');
  writeFileSync(at('text.mp4'), 'This is not a video.\n'.repeat(100));
  // The index of this clip stands at its end, so without it nothing can be read ...
  ffmpeg('late-index.mp4', '-i', CLIP, '-c', 'copy', '-t', '4');
  writeFileSync(at('no-index.mp4'), readFileSync(at('late-index.mp4')).subarray(0, 60_000));
  // ... while a file whose index comes first can be read up to the cut, in the middle of a frame.
  ffmpeg('index-first.mp4', '-i', CLIP, '-c', 'copy', '-t', '4', '-movflags', '+faststart');
  writeFileSync(at('cut.mp4'), readFileSync(at('index-first.mp4')).subarray(0, 90_000));
  ffmpeg('sound-only.mp4', '-f', 'lavfi', '-i', 'sine=d=1');
  ffmpeg('one-frame.mp4', ...pattern('320x240', '0.1'));
  ffmpeg('tiny.mp4', ...pattern('16x16', '0.5'));
  ffmpeg('8k.png', '-f', 'lavfi', '-i', 'color=s=8192x4320', '-frames:v', '1');
  ffmpeg('too-large.png', '-f', 'lavfi', '-i', 'color=s=16000x16000', '-frames:v', '1');
  ffmpeg('odd.mkv', ...pattern('321x241', '0.3'), '-c:v', 'ffv1');
  ffmpeg(
    'ten-bit.mp4',
    ...pattern('320x240', '0.3'),
    '-c:v',
    'libx265',
    '-pix_fmt',
    'yuv420p10le',
    '-x265-params',
    'log-level=error',
  );
  ffmpeg('alpha.png', '-f', 'lavfi', '-i', 'color=red@0.5:s=64x64,format=rgba', '-frames:v', '1');
  ffmpeg('moving.gif', ...pattern('64x64', '0.5'));
  ffmpeg('turned.mp4', '-i', CLIP, '-c', 'copy', '-t', '1', '-metadata:s:v', 'rotate=90');
  for (const made of ['late-index.mp4', 'index-first.mp4']) rmSync(at(made));
  writeFileSync(at('good.mp4'), clip);

  const out = join(folder, 'out');
  const { code, stdout, stderr } = await deadpan([
    'analyze',
    media,
    at('missing.mp4'),
    '--out',
    out,
    '--fps',
    '5',
  ]);
  assert.equal(code, 1, stderr);
  assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace for a user');
  const { inputs } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunFile;
  const said = (name: string) => inputs.find(({ input }) => input === at(name));

  const failures: Record<string, RegExp> = {
    'empty.mp4': /E_INPUT_EMPTY/,
    'text.mp4': /E_INPUT_FORMAT/,
    'no-index.mp4': /E_INPUT_(FORMAT|TRUNCATED)/,
    'cut.mp4': /E_INPUT_TRUNCATED/,
    'sound-only.mp4': /E_INPUT_NO_VIDEO/,
    'too-large.png': /E_INPUT_TOO_LARGE/,
    'missing.mp4': /E_INPUT_MISSING/,
  };
  for (const [name, reason] of Object.entries(failures)) {
    assert.equal(said(name)?.state, 'failed', name);
    assert.match(said(name)?.reason ?? '', reason);
    assert.ok(said(name)?.reason?.includes(name), `the reason names the file: ${said(name)?.reason ?? ''}`);
    assert.match(stderr, new RegExp(`failed +.*${name.replace('.', '\\.')}`));
    assert.match(stdout, new RegExp(`${name.replace('.', '\\.')}.*${reason.source}`), 'the table says why');
  }
  const frames: Record<string, number> = {
    'one-frame.mp4': 1,
    'tiny.mp4': 3,
    '8k.png': 1,
    'odd.mkv': 2,
    'ten-bit.mp4': 2,
    'alpha.png': 1,
    'moving.gif': 3,
    // Copied without encoding, the second ends one frame late.
    'turned.mp4': 6,
    'good.mp4': 100,
  };
  for (const [name, count] of Object.entries(frames)) {
    assert.deepEqual(
      [said(name)?.state, said(name)?.frames],
      ['done', count],
      `${name}: ${said(name)?.reason ?? ''}`,
    );
  }
  assert.equal(inputs.length, Object.keys(failures).length + Object.keys(frames).length);
  assert.ok((said('cut.mp4')?.frames ?? 0) > 0, 'what came before the cut was analysed');
  const left = readdirSync(out).filter((name) => name.startsWith('.'));
  assert.deepEqual(left, [], 'nothing half-written');
});

test('without ffmpeg the command ends with 3 and says what to do', async () => {
  const { code, stderr } = await deadpan(['analyze', CLIP, '--out', join(folder, 'none')], {
    env: { FFMPEG_PATH: join(folder, 'no-such-ffmpeg') },
  });
  assert.equal(code, 3);
  assert.match(stderr, /E_DECODER_MISSING/);
  assert.match(stderr, /Correct FFMPEG_PATH/);
});

test('an ffmpeg that is killed in the middle fails its input, in words, and the same command goes on from there', async () => {
  const killer = join(folder, 'killed-ffmpeg');
  writeFileSync(
    killer,
    `#!/bin/bash\ncase "$*" in *-version*|*-h*full*) exec ffmpeg "$@";; esac\nexec 3< <(exec ffmpeg "$@"); head -c 20000000 <&3; kill -9 $! $$\n`,
    { mode: 0o755 },
  );
  const out = join(folder, 'killed');
  const args = ['analyze', CLIP, '--fps', '5', '--out', out];
  const { code, stderr } = await deadpan(args, { env: { FFMPEG_PATH: killer } });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /clip\.mp4: .*\(E_DECODER_DIED\)/);
  assert.deepEqual(readdirSync(join(out, 'clip')), ['record.json'], 'a part is no result');
  const second = await deadpan(args);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /clip\.mp4: .*, going on after \d+ frames/);
});

test('a disk that gets full in the middle costs what came after the last checkpoint', async (t) => {
  const out = join(folder, 'full');
  mkdirSync(out);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', out], { stdio: 'ignore' });
  } catch {
    t.skip('only root may mount a file system');
    return;
  }
  t.after(() => execFileSync('umount', [out]));
  const args = ['analyze', CLIP, '--fps', '5', '--annotate', '--checkpoint', '0', '--out', out];
  const { code, stderr } = await deadpan(args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /cannot be written: the disk is full.*\(E_OUTPUT\)/);
  execFileSync('mount', ['-o', 'remount,size=100m', out]);
  const second = await deadpan(args);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /clip\.mp4: .*, going on after \d+ frames/);
});

test('an output folder that cannot be written is said so, and the other inputs are not blamed', async () => {
  const inTheWay = join(folder, 'file');
  writeFileSync(inTheWay, 'x');
  const { code, stderr } = await deadpan(['analyze', CLIP, '--end', '0.2', '--out', join(inTheWay, 'out')]);
  assert.equal(code, 1);
  assert.match(stderr, /E_OUTPUT/);
});

test('wrong usage ends with 2 and says what is right', async () => {
  const out = join(folder, 'usage');
  for (const [args, says] of [
    [['analyze', CLIP], /--out/],
    [['analyze', CLIP, '--out', out, '--fps', 'fast'], /number over 0/],
    [['analyze', CLIP, '--out', out, '--shard', '3/2'], /I\/N/],
    [['analyze', CLIP, '--out', out, '--start', '5', '--end', '2'], /after --start/],
    [['analyze', CLIP, '--out', out, '--refrences'], /--references/],
  ] as const) {
    const { code, stderr } = await deadpan(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, says);
  }
});

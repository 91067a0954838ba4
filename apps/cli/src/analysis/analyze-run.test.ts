import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
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
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { lockFolder } from '../report/folder-lock.js';

const CLI = fileURLToPath(new URL('../../bin/deadpan.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'deadpan-analyze-'));
after(() => {
  rmSync(folder, { recursive: true });
});

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `deadpan analyze` as a user runs it; killed where it does not come to an end. */
const analyze = (...args: string[]): End => analyzeWith({}, ...args);

function analyzeWith(env: NodeJS.ProcessEnv, ...args: string[]): End {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'analyze', '--quiet', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { code: status, stdout, stderr };
}

/** The same, while this process is at work. */
async function analyzing(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [CLI, 'analyze', '--quiet', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout };
}

/** An ffmpeg that does as the cases of a shell script say, and else what ffmpeg does. */
function ffmpegWith(name: string, cases: string): NodeJS.ProcessEnv {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\ncase "$*" in ${cases} *) exec ffmpeg "$@";; esac\n`, { mode: 0o755 });
  return { FFMPEG_PATH: path };
}

/** A new folder, and a video of a second in it. */
function folderWithVideo(name: string): { readonly at: string; readonly clip: string } {
  const at = join(folder, name);
  mkdirSync(at);
  const clip = join(at, 'clip.mp4');
  const pattern = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5:d=1'];
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...pattern, '-pix_fmt', 'yuv420p', clip]);
  return { at, clip };
}

test('the results of a run below its input folder are not analysed by the next one', () => {
  const { at: videos, clip } = folderWithVideo('videos');
  const out = join(videos, 'results');
  const run = (): readonly { readonly input: string; readonly state: string }[] => {
    const { code, stdout, stderr } = analyze(videos, '--out', out, '--annotate', '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { input: string; state: string }[];
  };
  assert.deepEqual(
    run().map(({ input, state }) => [input, state]),
    [[clip, 'done']],
  );
  assert.ok(readdirSync(join(out, 'clip')).includes('annotated.mp4'));
  assert.deepEqual(
    run().map(({ input, state }) => [input, state]),
    [[clip, 'skipped']],
  );
});

test('a pipe that nobody writes to is refused, and named', () => {
  const pipe = join(folder, 'pipe.mp4');
  execFileSync('mkfifo', [pipe]);
  const { code, stdout } = analyze(pipe, '--out', join(folder, 'none'));
  assert.equal(code, 1);
  assert.match(stdout, /pipe\.mp4" is not a file\..*\(E_INPUT_FORMAT\)/);
});

test('an output folder that nothing can make is refused, and named', () => {
  const { code, stderr } = analyze(folder, '--out', '/proc/deadpan/results');
  assert.equal(code, 1);
  assert.match(stderr, /^deadpan: \/proc\/deadpan\/results cannot be written: .*\(E_OUTPUT\)$/m);
});

test('a folder of somebody else that has the name of the results stays as it is', () => {
  const { at, clip } = folderWithVideo('beside');
  mkdirSync(join(at, 'clip', 'references'), { recursive: true });
  writeFileSync(join(at, 'clip', 'references', 'paper.pdf'), 'precious');
  for (const run of ['first', 'second']) {
    const { code, stdout } = analyze(clip, '--out', at);
    assert.equal(code, 1, run);
    assert.match(stdout, /clip cannot be written: a folder that is not empty is in the way\..*\(E_OUTPUT\)/);
    assert.deepEqual(readdirSync(join(at, 'clip'), { recursive: true }), [
      'references',
      join('references', 'paper.pdf'),
    ]);
  }
});

test('what another run is at work on is left to it, and said', async () => {
  const { at, clip } = folderWithVideo('shared');
  const out = join(at, 'results');
  const lock = await lockFolder(join(out, 'clip'));
  mkdirSync(join(out, '.clip.partial'));
  writeFileSync(join(out, '.clip.partial', 'faces.csv'), 'half');
  const { code, stdout } = await analyzing(clip, '--out', out);
  assert.equal(code, 1);
  assert.match(stdout, /clip is being made by another run \(process \d+ on .*\(E_OUTPUT\)/);
  assert.deepEqual(readdirSync(out).sort(), ['.clip.lock', '.clip.partial', 'index.html', 'run.json']);
  assert.equal(readFileSync(join(out, '.clip.partial', 'faces.csv'), 'utf8'), 'half');
  assert.ok('release' in lock);
  await lock.release();
  assert.equal(analyze(clip, '--out', out).code, 0);
  assert.deepEqual(readdirSync(out).sort(), ['clip', 'index.html', 'run.json']);
});

test('what a killed run left beside finished results goes with the next run', async () => {
  const { at, clip } = folderWithVideo('left');
  const out = join(at, 'results');
  const run = (): End => analyze(clip, '--out', out, '--json');
  assert.equal(run().code, 0);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const lock = await lockFolder(join(out, 'clip'));
  const [name = ''] = readdirSync(join(out, '.clip.lock'));
  assert.ok('release' in lock);
  await lock.release();
  mkdirSync(join(out, '.clip.lock'));
  writeFileSync(join(out, '.clip.lock', name.replace(/^\d+/, String(gone))), '');
  mkdirSync(join(out, '.clip.partial'));
  writeFileSync(join(out, '.clip.partial', 'checkpoint'), 'a face');
  const { code, stdout } = run();
  assert.equal(code, 0);
  assert.match(stdout, /"state": ?"skipped"/);
  assert.deepEqual(readdirSync(out).sort(), ['clip', 'index.html', 'run.json']);
});

test('an ffmpeg that cannot write the annotated video is refused before the work', () => {
  const { at, clip } = folderWithVideo('unencoded');
  const without = ffmpegWith('no-x264', `*-encoders*) ffmpeg "$@" | grep -v libx264; exit;;`);
  const { code, stderr } = analyzeWith(without, clip, '--out', join(at, 'results'), '--annotate');
  assert.equal(code, 3);
  assert.match(
    stderr,
    /names no encoder libx264\. Install .*, or leave --annotate out\. \(E_DECODER_MISSING\)/,
  );
  assert.deepEqual(readdirSync(at), ['clip.mp4']);
});

test('where the annotated video cannot be written, the tables appear without it', () => {
  const { at, clip } = folderWithVideo('undrawn');
  const out = join(at, 'results');
  const failing = ffmpegWith('failing', '*annotated.mp4*) echo "Decoder not found" >&2; exit 1;;');
  const { code, stderr } = analyzeWith(failing, clip, '--out', out, '--annotate', '--json');
  assert.equal(code, 1, stderr);
  const files = readdirSync(join(out, 'clip'));
  for (const name of ['faces.csv', 'report.html', 'summary.json']) assert.ok(files.includes(name), name);
  assert.ok(!files.includes('annotated.mp4'));
  assert.doesNotMatch(readFileSync(join(out, 'clip', 'report.html'), 'utf8'), /annotated\.mp4/);
  assert.match(
    readFileSync(join(out, 'clip', 'record.json'), 'utf8'),
    /Decoder not found.*\(E_INPUT_FORMAT\)/,
  );
});

test('where ffmpeg is killed while it draws, its analysis is kept for the next run', () => {
  const { at, clip } = folderWithVideo('killed');
  const out = join(at, 'results');
  const killed = ffmpegWith('killing', '*annotated.mp4*) kill -9 $$;;');
  const first = analyzeWith(killed, clip, '--out', out, '--annotate');
  assert.equal(first.code, 1);
  assert.match(first.stdout, /ffmpeg was killed while it wrote .*\(E_DECODER_DIED\)/);
  assert.ok(readdirSync(join(out, '.clip.partial')).includes('checkpoint'));
  const second = analyze(clip, '--out', out, '--annotate');
  assert.equal(second.code, 0, second.stderr);
  assert.ok(readdirSync(join(out, 'clip')).includes('annotated.mp4'));
});

test('an input that has no frame in the part asked for has no annotated video', () => {
  const { at, clip } = folderWithVideo('short');
  const out = join(at, 'results');
  const { code, stdout, stderr } = analyze(clip, '--out', out, '--annotate', '--start', '60', '--json');
  assert.equal(code, 0, stderr);
  const [record] = JSON.parse(stdout) as { state: string; frames: number }[];
  assert.deepEqual([record?.state, record?.frames], ['done', 0]);
  assert.ok(!readdirSync(join(out, 'clip')).includes('annotated.mp4'));
  assert.doesNotMatch(readFileSync(join(out, 'clip', 'report.html'), 'utf8'), /annotated\.mp4/);
});

test('what is damaged is known to be, and analysed again with --force alone', () => {
  const { at, clip } = folderWithVideo('damaged');
  const whole = join(at, 'whole.mkv');
  execFileSync('ffmpeg', ['-v', 'error', '-i', clip, '-c:v', 'mjpeg', whole]);
  const bytes = readFileSync(whole);
  const cut = join(at, 'cut.mkv');
  writeFileSync(cut, bytes.subarray(0, bytes.length * 0.7));
  const out = join(at, 'results');
  const made = (...flags: string[]): number => {
    const { code, stdout, stderr } = analyze(cut, '--out', out, '--json', ...flags);
    assert.equal(code, 1, stderr);
    const [record] = JSON.parse(stdout) as { state: string; code: string; frames: number }[];
    assert.deepEqual([record?.state, record?.code], ['failed', 'E_INPUT_TRUNCATED']);
    assert.ok((record?.frames ?? 0) > 0);
    return statSync(join(out, 'cut', 'summary.json')).ctimeMs;
  };
  const first = made();
  assert.equal(made(), first);
  assert.notEqual(made('--force'), first);
});

test('results of a file, or of options, that are not those of now are in no index', () => {
  const { at, clip } = folderWithVideo('changing');
  const other = join(at, 'other.mp4');
  copyFileSync(clip, other);
  const out = join(at, 'results');
  const run = (code: number, ...flags: string[]): string => {
    const end = analyze(at, '--out', out, ...flags);
    assert.equal(end.code, code, end.stderr);
    const index = readFileSync(join(out, 'index.html'), 'utf8');
    return ['clip', 'other'].filter((name) => index.includes(`href="${name}/report.html"`)).join();
  };
  assert.equal(run(0), 'clip,other');
  assert.equal(run(0, '--fps', '2', '--shard', '1/2'), 'clip', 'the other shard has not come to it');
  assert.equal(run(0, '--fps', '2', '--shard', '2/2'), 'clip,other');
  writeFileSync(other, 'This is not a video.');
  assert.equal(run(1, '--fps', '2'), 'clip', 'there are only old tables of what cannot be read now');
  copyFileSync(clip, other);
  assert.equal(run(0, '--fps', '2'), 'clip,other');
});

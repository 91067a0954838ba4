import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { bundledFfmpeg, findFfmpeg, openFile, type Ffmpeg } from '@deadpan/ingest';
import { DeadpanError } from '@deadpan/shared';

import { annotate, type AnnotateOptions } from './annotate.js';
import type { AnnotatedFrame } from './annotated-frames.js';
import { faceRow } from './faces-table.js';
import { sampleExpressions } from './sample-analysis.js';

const run = promisify(execFile);
let folder = '';
let ffmpegs: Ffmpeg[] = [];
let clip = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deadpan-annotate-'));
  const bundled = bundledFfmpeg();
  ffmpegs = [await findFfmpeg()];
  if (bundled !== null) ffmpegs.push(await findFfmpeg({ ...process.env, FFMPEG_PATH: bundled }));
  const [first] = ffmpegs;
  assert.ok(first !== undefined);
  clip = join(folder, 'clip.mkv');
  // Three seconds of gray at a rate that varies (frames 5, 6 and 7 of every ten are missing), with a tone.
  await run(first.path, [
    ...['-hide_banner', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=gray:s=320x180:r=25:d=3'],
    ...['-f', 'lavfi', '-i', 'sine=440:d=3', '-vf', "select='lt(mod(n,10),5)+gt(mod(n,10),7)'"],
    ...[first.frameTimingOption, 'passthrough', '-c:v', 'libx264', '-c:a', 'pcm_s16le', clip],
  ]);
});
after(() => rm(folder, { recursive: true }));

/** The sample's faces at the clip's frames, which are half as large as the sample's. */
async function* frames(times: readonly number[]): AsyncGenerator<AnnotatedFrame> {
  const rows = [...sampleExpressions(undefined, { seconds: 3 })].map(faceRow);
  for (const time of times) {
    await Promise.resolve();
    const faces = rows.flatMap(({ time: at, face }) =>
      face !== null && Math.abs(at - time) < 0.001
        ? [
            {
              face: { ...face, box: { x: 100, y: 60, width: 60, height: 80 } },
              reference: new Uint8Array(4096).fill(250),
            },
          ]
        : [],
    );
    yield { time, faces };
  }
}

/** The same face at every time. */
async function* boxesAt(found: readonly number[]): AsyncGenerator<AnnotatedFrame> {
  for await (const { faces } of frames([0])) for (const time of found) yield { time, faces };
}

const times = Array.from({ length: 75 }, (_, n) => n).flatMap((n) =>
  n % 10 < 5 || n % 10 > 7 ? [n / 25] : [],
);

const options = (ffmpeg: Ffmpeg, output: string): AnnotateOptions => ({
  ffmpeg,
  input: clip,
  kind: 'video',
  width: 320,
  height: 180,
  maxPixels: 36_000_000,
  output,
  frames: frames(times),
  fps: null,
  start: null,
  end: null,
});

/** Times, and whether something is drawn on the left edge of the (doubled) box. */
async function inspected(ffmpeg: Ffmpeg, path: string): Promise<{ timeMs: number; drawn: boolean }[]> {
  const seen: { timeMs: number; drawn: boolean }[] = [];
  for await (const frame of await openFile(path, { ffmpeg })) {
    const { data, width } = frame.image;
    const at = (200 * width + 200) * 3;
    const drawn = Math.abs((data[at] ?? 0) - (data[at + 2] ?? 0)) > 8 || (data[at] ?? 0) > 150;
    seen.push({ timeMs: Math.round(frame.timeUs / 1000), drawn });
    frame.release();
  }
  return seen;
}

test('every frame keeps its time, carries its own boxes, and the sound stays', async () => {
  for (const ffmpeg of ffmpegs) {
    const output = join(folder, 'all.mp4');
    await annotate(options(ffmpeg, output));
    const seen = await inspected(ffmpeg, output);
    assert.deepEqual(
      seen.map(({ timeMs }) => timeMs),
      times.map((time) => Math.round(time * 1000)),
      ffmpeg.version,
    );
    assert.ok(
      seen.every(({ drawn }) => drawn),
      ffmpeg.version,
    );
    const { stderr } = await run(ffmpeg.path, ['-hide_banner', '-i', output, '-f', 'null', '-']);
    assert.match(stderr, /Audio: aac/);
  }
});

test('joined transport streams keep their boxes: the times are those by which they are analysed', async () => {
  const [newest] = ffmpegs;
  assert.ok(newest !== undefined);
  const part = async (name: string, from: number): Promise<Buffer> => {
    const path = join(folder, name);
    // The sound lasts longer than the picture.
    await run(newest.path, [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=gray:s=320x180:r=25:d=1'],
      ...['-f', 'lavfi', '-i', 'sine=440:d=1.4', '-c:v', 'libx264', '-c:a', 'aac'],
      ...['-output_ts_offset', String(from), path],
    ]);
    return readFile(path);
  };
  // The second clock is behind the first; the third one tells of a pause of half a minute.
  const parts = [await part('first.ts', 20), await part('second.ts', 10), await part('third.ts', 40)];
  const joined = join(folder, 'joined.ts');
  await writeFile(joined, Buffer.concat(parts));
  for (const ffmpeg of ffmpegs) {
    const analysed: number[] = [];
    try {
      for await (const frame of await openFile(joined, { ffmpeg })) {
        analysed.push(Math.round(frame.timeUs / 1000));
        frame.release();
      }
    } catch (error) {
      // Some versions call a joint damage.
      assert.equal(error instanceof DeadpanError && error.code, 'E_INPUT_TRUNCATED');
    }
    assert.equal(analysed.length, 75, ffmpeg.version);
    const found = analysed.map((ms) => ms / 1000);
    assert.ok((found[50] ?? 0) - (found[49] ?? 0) > 20, 'the pause');
    const output = join(folder, 'joined.mp4');
    await annotate({ ...options(ffmpeg, output), input: joined, frames: boxesAt(found) });
    const seen = await inspected(ffmpeg, output);
    // The frame that older versions need after the last one may have its time.
    assert.deepEqual([...new Set(seen.map(({ timeMs }) => timeMs))], analysed, ffmpeg.version);
    assert.ok(
      seen.every(({ drawn }) => drawn),
      ffmpeg.version,
    );
  }
});

test('between analysed frames the boxes stay for one and a half of their distance', async () => {
  for (const ffmpeg of ffmpegs) {
    const output = join(folder, 'sampled.mp4');
    await annotate({ ...options(ffmpeg, output), frames: frames([0, 0.32, 1.6]), fps: 3 });
    const seen = await inspected(ffmpeg, output);
    const drawn = seen.filter((frame) => frame.drawn).map(({ timeMs }) => timeMs);
    const expected = times
      .map((time) => time * 1000)
      .filter((ms) => ms < 820 - 2 || (ms >= 1600 && ms < 2100 - 2));
    assert.deepEqual(drawn, expected, ffmpeg.version);
  }
});

test('only the wanted part is written', async () => {
  const [ffmpeg] = ffmpegs;
  assert.ok(ffmpeg !== undefined);
  const output = join(folder, 'part.mp4');
  await annotate({
    ...options(ffmpeg, output),
    start: 1,
    end: 2,
    frames: frames(times.filter((t) => t >= 1 && t < 2)),
  });
  const seen = await inspected(ffmpeg, output);
  assert.equal(seen.length, times.filter((time) => time >= 1 && time < 2).length);
  assert.ok(seen.every(({ drawn }) => drawn));
});

test('a picture becomes a video of one frame', async () => {
  const [ffmpeg] = ffmpegs;
  assert.ok(ffmpeg !== undefined);
  const picture = join(folder, 'picture.png');
  await run(ffmpeg.path, ['-v', 'error', '-i', clip, '-frames:v', '1', picture]);
  const output = join(folder, 'picture.mp4');
  await annotate({ ...options(ffmpeg, output), input: picture, kind: 'image', frames: frames([0]) });
  assert.deepEqual(await inspected(ffmpeg, output), [{ timeMs: 0, drawn: true }]);
  const less = { maxPixels: 320 * 180 - 1, input: picture, kind: 'image' } as const;
  await assert.rejects(annotate({ ...options(ffmpeg, output), ...less }), { code: 'E_INPUT_TOO_LARGE' });
});

test('a failure names the file and leaves nothing behind', async () => {
  const [ffmpeg] = ffmpegs;
  assert.ok(ffmpeg !== undefined);
  const output = join(folder, 'failed.mp4');
  await assert.rejects(annotate({ ...options(ffmpeg, output), input: join(folder, 'none.mkv') }), {
    code: 'E_INPUT_FORMAT',
    message: /failed\.mp4 from .*none\.mkv/,
  });
  await assert.rejects(stat(output), { code: 'ENOENT' });
});

test('an interruption ends ffmpeg, and a bug in the frames comes through', async () => {
  const [ffmpeg] = ffmpegs;
  assert.ok(ffmpeg !== undefined);
  const output = join(folder, 'interrupted.mp4');
  const controller = new AbortController();
  async function* interrupting(): AsyncGenerator<AnnotatedFrame> {
    yield* frames([0]);
    controller.abort();
    yield* frames(times.slice(1));
  }
  await assert.rejects(
    annotate({ ...options(ffmpeg, output), frames: interrupting(), signal: controller.signal }),
    {
      code: 'E_INTERRUPTED',
    },
  );
  async function* broken(): AsyncGenerator<AnnotatedFrame> {
    yield* frames([0]);
    throw new TypeError('bug');
  }
  await assert.rejects(annotate({ ...options(ffmpeg, output), frames: broken() }), TypeError);
});

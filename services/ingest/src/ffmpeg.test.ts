import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DeadpanError } from '@deadpan/shared';
import { bundledFfmpeg, findFfmpeg } from './ffmpeg.js';

const folder = mkdtempSync(join(tmpdir(), 'deadpan-ffmpeg-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const program = (name: string, script: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
};
const missing = (env: NodeJS.ProcessEnv, sentence: RegExp): Promise<void> =>
  assert.rejects(findFfmpeg(env), (error) => {
    assert.ok(error instanceof DeadpanError && error.code === 'E_DECODER_MISSING');
    assert.match(error.message, sentence);
    assert.ok(error.advice !== undefined);
    return true;
  });

test('FFMPEG_PATH comes first, then the PATH, then the binary that npm brings', async () => {
  const bundled = bundledFfmpeg();
  assert.ok(bundled);
  const named = await findFfmpeg({ FFMPEG_PATH: bundled, PATH: process.env['PATH'] });
  assert.deepEqual([named.source, named.path], ['FFMPEG_PATH', bundled]);
  assert.match(named.version, /\w/);

  const onPath = program('ffmpeg', `exec ${bundled} "$@"`);
  const second = await findFfmpeg({ PATH: `${folder}:/bin` });
  assert.deepEqual([second.source, second.path], ['PATH', onPath]);
  assert.equal(second.version, named.version);

  const third = await findFfmpeg({ PATH: '' });
  assert.deepEqual([third.source, third.path, third.setpriv], ['@ffmpeg-installer/ffmpeg', bundled, null]);
});

test('options are read from ffmpeg itself', async () => {
  const bundled = await findFfmpeg({ PATH: '' });
  // The 2018 build has a version without numbers and the options of 4.0.
  assert.deepEqual(
    [bundled.frameTimingOption, bundled.rtspTimeoutOption, bundled.followsSize],
    ['-vsync', '-stimeout', false],
  );
});

test('says what is wrong with an ffmpeg that cannot be used', async () => {
  await missing(
    { FFMPEG_PATH: join(folder, 'nowhere') },
    /FFMPEG_PATH names .*nowhere, which is not a program/,
  );
  await missing({ FFMPEG_PATH: folder }, /not a program/);
  await missing({ FFMPEG_PATH: program('crash', 'exit 7') }, /does not run/);
  await missing({ FFMPEG_PATH: program('other', 'echo I am a teapot') }, /is not ffmpeg/);
  await missing(
    { FFMPEG_PATH: program('old', 'echo ffmpeg version 2.1; echo "-max_pixels  x"') },
    /2\.1 .* is too old: it has no -enc_time_base/,
  );
});

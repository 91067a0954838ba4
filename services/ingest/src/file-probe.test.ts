import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { after, test } from 'node:test';

import { fileLength } from './file-probe.js';
import { openFile } from './file-source.js';
import { findFfmpeg } from './ffmpeg.js';
import { createSampleMedia, H264, pattern } from './sample-media.js';

const ffmpeg = await findFfmpeg();
const media = createSampleMedia(ffmpeg);
after(() => {
  media.remove();
});

test('says how long a video is, and nothing of what is none', async () => {
  const clip = media.make('clip.mp4', ...pattern('64x48', 2), ...H264);
  assert.deepEqual(await fileLength(ffmpeg, clip), { kind: 'video', durationUs: 2_000_000, nominalFps: 25 });
  assert.equal(await fileLength(ffmpeg, media.write('text.mp4', 'no video')), null);
  assert.equal(await fileLength(ffmpeg, media.path('nowhere.mp4')), null);
});

test(
  'does not wait for somebody to write to a pipe, which then is refused',
  { timeout: 10_000 },
  async (t) => {
    const pipe = media.path('pipe.mp4');
    execFileSync('mkfifo', [pipe]);
    t.after(() => {
      // Lets go whoever waits, so that a failure ends.
      closeSync(openSync(pipe, 'r+'));
    });
    assert.equal(await fileLength(ffmpeg, pipe), null);
    await assert.rejects(openFile(pipe, { ffmpeg }), { code: 'E_INPUT_FORMAT' });
  },
);

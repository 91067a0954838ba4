import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { findFfmpeg } from '@deadpan/ingest';
import { createTally } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';

import { deadpanConfig } from '../config.js';
import { readFiles } from './file-frames.js';

const CLIP = fileURLToPath(new URL('../../../../test/media/clip.mp4', import.meta.url));
const logger = createLogger({ level: 'silent', name: 'test' });

async function countsAt(fps: number | null) {
  const tally = createTally();
  const { frames, done } = readFiles({
    cameras: [{ name: 'clip', address: CLIP, fps, paused: false }],
    ffmpeg: await findFfmpeg(),
    config: deadpanConfig.parse({}).ingest,
    observer: tally,
    logger,
    signal: new AbortController().signal,
  });
  let taken = 0;
  for await (const record of frames) {
    taken += 1;
    record.value.release();
    record.ack();
  }
  assert.equal(await done, 0);
  const counts = tally.stages.get('ingest');
  assert.ok(counts);
  return { taken, ...counts };
}

test('every frame of a file is counted once: as given on, or as one that fps did not ask for', async () => {
  const all = await countsAt(null);
  assert.deepEqual([all.received, all.emitted, all.dropped], [all.taken, all.taken, {}]);
  const some = await countsAt(10);
  assert.equal(some.emitted, some.taken);
  assert.equal(some.received, all.received);
  assert.deepEqual(some.dropped, { unsampled: all.received - some.taken });
  assert.ok(some.taken < all.taken);
});

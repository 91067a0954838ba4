import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { alignTask } from '@deadpan/align';
import { findFfmpeg } from '@deadpan/ingest';
import { createInferencePool, type InferencePool } from '@deadpan/nets';
import type { Logger } from '@deadpan/shared/telemetry';

import { effectiveConfig } from '../commands/config.js';
import { startLive, type Live } from './live-run.js';

/** What the feed keeps its history with. */
const Database = createRequire(import.meta.resolve('@deadpan/feed'))('libsql') as new (file: string) => {
  exec(sql: string): void;
  close(): void;
};
const CLIP = fileURLToPath(new URL('../../../../test/media/clip.mp4', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'deadpan-live-'));
const pools: InferencePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
after(() => {
  rmSync(folder, { recursive: true });
});

/** The line and the feed with one camera, which plays a file. `onError` is told of errors in the log. */
async function liveWithCamera(
  settings: object,
  onError: (text: string, about: { readonly err?: Error }) => void,
  around: (pool: InferencePool) => InferencePool = (pool) => pool,
): Promise<{ readonly live: Live }> {
  const pool = createInferencePool({ workers: 2, device: 'cpu' });
  pools.push(pool);
  const logger = {
    ...{ debug: () => undefined, info: () => undefined, warn: () => undefined },
    error: (about: object, text: string) => {
      onError(text, about);
    },
    child: () => logger,
  };
  const live = await startLive({
    config: effectiveConfig(undefined, { 'feed.listen': '127.0.0.1:0', ...settings }),
    ffmpeg: await findFfmpeg(),
    pool: around(pool),
    logger: logger as unknown as Logger,
  });
  await live.cameras.apply([{ name: 'door', address: CLIP, fps: 2, paused: false }]);
  return { live };
}

test('a line that breaks while it is drained is logged, and whoever drains it hears of it', async () => {
  const FULL = 'the log is full';
  const said: string[] = [];
  let drains: () => void = () => undefined;
  const draining = new Promise<void>((resolve) => {
    drains = resolve;
  });
  // As many calls as run side by side.
  let held = 0;
  let reached: () => void = () => undefined;
  const underWay = new Promise<void>((resolve) => {
    reached = () => {
      held += 1;
      if (held === 2) resolve();
    };
  });
  const { live } = await liveWithCamera(
    {},
    // A face that nothing can be made of is put aside, which means: into the log.
    (text, { err }) => {
      if (err?.message !== FULL) throw new Error(FULL);
      said.push(text);
    },
    (pool) => ({
      ...pool,
      // Faces are found; what comes next fails, but not before it is drained.
      async run(task, payload, transfer) {
        if (task.module === alignTask().module) return pool.run(task, payload, transfer);
        reached();
        await draining;
        throw new Error('the engine is gone');
      },
    }),
  );
  await underWay;
  const closed = live.close();
  drains();
  await assert.rejects(closed, { message: FULL });
  await assert.rejects(live.ended, { message: FULL });
  assert.deepEqual(said, ['the line has ended']);
});

test('a history that cannot keep the state of a camera ends neither the camera nor the process', async () => {
  const file = join(folder, 'history.db');
  const said: string[] = [];
  const { live } = await liveWithCamera({ 'feed.history.file': file }, (text) => said.push(text));
  const other = new Database(file);
  other.exec('DROP TABLE states');
  other.close();
  await live.cameras.update('door', { paused: true });
  const { cameras } = (await (await fetch(`${live.url}/v1/cameras`)).json()) as {
    cameras: { id: string; status: { state: string } | null }[];
  };
  assert.deepEqual(
    cameras.map(({ id, status }) => [id, status?.state]),
    [['door', 'paused']],
  );
  assert.notDeepEqual(said, [], 'it is logged');
  await live.close();
});

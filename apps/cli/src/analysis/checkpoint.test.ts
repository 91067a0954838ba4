import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-checkpoint-'));
after(() => rm(folder, { recursive: true }));

test('only the owner may read a checkpoint, whatever a killed run left in its place', async () => {
  await writeFile(join(folder, 'checkpoint.new'), 'half', { mode: 0o644 });
  await writeFile(join(folder, 'checkpoint'), 'old', { mode: 0o644 });
  await writeCheckpoint(folder, { seconds: 1 } as Checkpoint);
  assert.deepEqual(await readdir(folder), ['checkpoint']);
  assert.equal((await stat(join(folder, 'checkpoint'))).mode & 0o777, 0o600);
});

test('a checkpoint is of no use to another file, even one of the same size and date', async () => {
  const of = (path: string) => ({ input: { bytes: 1, changedMs: 2, path }, models: [], options: {} });
  await writeCheckpoint(folder, { madeFrom: of('../s01/cam.mp4'), seconds: 1 } as unknown as Checkpoint);
  const found = await readCheckpoint(folder, of('../s01/cam.mp4'));
  assert.ok(found !== null && 'checkpoint' in found);
  assert.deepEqual(await readCheckpoint(folder, of('../s02/cam.mp4')), {
    useless: 'it is of ../s01/cam.mp4',
  });
});

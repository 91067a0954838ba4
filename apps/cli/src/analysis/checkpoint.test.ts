import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { writeCheckpoint, type Checkpoint } from './checkpoint.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-checkpoint-'));
after(() => rm(folder, { recursive: true }));

test('only the owner may read a checkpoint, whatever a killed run left in its place', async () => {
  await writeFile(join(folder, 'checkpoint.new'), 'half', { mode: 0o644 });
  await writeFile(join(folder, 'checkpoint'), 'old', { mode: 0o644 });
  await writeCheckpoint(folder, { seconds: 1 } as Checkpoint);
  assert.deepEqual(await readdir(folder), ['checkpoint']);
  assert.equal((await stat(join(folder, 'checkpoint'))).mode & 0o777, 0o600);
});

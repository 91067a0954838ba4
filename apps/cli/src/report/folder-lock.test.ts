import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { lockFolder, lockPath, type FolderLock, type LockTimes } from './folder-lock.js';

const root = await mkdtemp(join(tmpdir(), 'deadpan-lock-'));
after(() => rm(root, { recursive: true }));

/** What would take a lock over by waiting never ends. */
const ENDLESS = { touchMs: 20, patienceMs: 1e9 };

async function lockOf(target: string, times: LockTimes): Promise<FolderLock> {
  const lock = await lockFolder(target, undefined, times);
  assert.ok('release' in lock);
  return lock;
}

async function assertHeld(target: string): Promise<void> {
  const lock = await lockFolder(target, undefined, ENDLESS);
  assert.match('heldBy' in lock ? lock.heldBy : 'nobody', /^process \d+ on ./);
}

/** Another process that has the lock of a folder. */
async function holder(target: string): Promise<{ kill(): Promise<void> }> {
  const module = new URL('./folder-lock.js', import.meta.url).href;
  const script = `
    const { lockFolder } = await import(${JSON.stringify(module)});
    await lockFolder(${JSON.stringify(target)}, undefined, { touchMs: 20, patienceMs: 1e9 });
    process.stdout.write('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await once(child.stdout, 'data');
  return {
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

test('a run at work keeps its lock; when it is killed, the next one has it at once', async () => {
  const target = join(root, 'deep/clip');
  const other = await holder(target);
  await assertHeld(target);
  await other.kill();
  assert.ok(existsSync(join(root, 'deep/.clip.lock')));
  const lock = await lockOf(target, ENDLESS);
  await lock.release();
  assert.deepEqual(await readdir(join(root, 'deep')), []);
});

/** Leaves a lock of this process, or what `change` makes of the name in it; null for one in which there is none. */
async function leave(target: string, change: (name: string) => string | null): Promise<void> {
  const lock = await lockOf(target, ENDLESS);
  const [name = ''] = await readdir(lockPath(target));
  await lock.release();
  await mkdir(lockPath(target));
  const left = change(name);
  if (left !== null) await writeFile(join(lockPath(target), left), '');
}

test('a lock whose process cannot be asked for is left only when nobody touches it', async () => {
  const target = join(root, 'shared');
  const elsewhere = (name: string): string => name.replace(/@[^@]*/, '@another');
  const elsewhereWithNumberOne = (name: string): string => elsewhere(name).replace(/^\d+/, '1');
  for (const change of [elsewhere, elsewhereWithNumberOne, () => null]) {
    await leave(target, change);
    const lock = await lockOf(target, { touchMs: 20, patienceMs: 40 });
    await assertHeld(target);
    await lock.release();
    assert.ok(!existsSync(lockPath(target)));
  }
  await leave(target, elsewhere);
  const controller = new AbortController();
  const waiting = lockFolder(target, controller.signal, ENDLESS);
  controller.abort();
  await assert.rejects(waiting, { code: 'E_INTERRUPTED' });
  await rm(lockPath(target), { recursive: true });
});

test('a number that another process got after a restart does not keep a lock', async () => {
  const target = join(root, 'restarted');
  await leave(target, (name) => name);
  await (await lockOf(target, { touchMs: 20, patienceMs: 40 })).release();
  assert.ok(!existsSync(lockPath(target)));
});

test('of runs that find a lock left, one gets it', async () => {
  const target = join(root, 'raced');
  await (await holder(target)).kill();
  const runs = await Promise.all(Array.from({ length: 8 }, () => lockFolder(target, undefined, ENDLESS)));
  const got = runs.flatMap((run) => ('release' in run ? [run] : []));
  assert.equal(got.length, 1);
  await got[0]?.release();
});

test('one that lost its lock, as on a machine that slept, leaves the one who has it alone', async () => {
  const target = join(root, 'slept');
  const first = await lockOf(target, ENDLESS);
  await rm(lockPath(target), { recursive: true });
  const second = await lockOf(target, ENDLESS);
  await first.release();
  await assertHeld(target);
  await second.release();
  assert.ok(!existsSync(lockPath(target)));
});

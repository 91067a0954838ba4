import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readlink, rename, rmdir, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { DeadpanError } from '@deadpan/shared';

import { makeFolder } from './atomic-folder.js';
import { writing } from './output-error.js';
import { isSystemError } from './system-error.js';

/** The right of one process to make the results for a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Who has it instead, as `process 123 on a-host`. */
export interface HeldLock {
  readonly heldBy: string;
}

/** How a lock is kept and judged. */
export interface LockTimes {
  /** The lock is touched at this distance. */
  readonly touchMs: number;
  /** One that nobody has touched for so long was left by a run that is no more. */
  readonly patienceMs: number;
}

const TIMES: LockTimes = { touchMs: 2000, patienceMs: 20_000 };

/** What the name of the file in the lock says. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Within which process numbers mean something: containers have their own, whatever their host is called. */
  readonly namespace: string;
}

/** The lock of `target`: the folder `.NAME.lock` beside it. */
export function lockPath(target: string): string {
  return join(dirname(target), `.${basename(target)}.lock`);
}

/**
 * Takes the lock of `target`: the folder `.NAME.lock` beside it, which is there while a run makes its results, with an
 * empty file in it whose name says which run.
 *
 * One that a killed run left is taken over, by a new name for the file, which one of many gives it: at once where its
 * process was one of this machine and is no more. Else nothing but a touch tells a run that is at work from one that is
 * gone, since another machine may have had it, or another process may have got the number after a restart; then this
 * waits for a touch. Clocks are not compared.
 *
 * @throws DeadpanError `E_OUTPUT` where it cannot be written; `E_INTERRUPTED` while it waits.
 */
export async function lockFolder(
  target: string,
  signal?: AbortSignal,
  { touchMs, patienceMs }: LockTimes = TIMES,
): Promise<FolderLock | HeldLock> {
  const path = lockPath(target);
  const self: Holder = { pid: process.pid, host: hostname(), namespace: await processNamespace() };
  const own = nameOf(self);

  /** Whether the lock is touched, or changes hands, or goes, within the time that a run at work would need for it. */
  const changes = async (before: string, needed: number): Promise<boolean> => {
    for (let waited = 0; waited < needed; waited += touchMs / 4) {
      await delay(touchMs / 4, undefined, { signal }).catch(() => {
        throw new DeadpanError('E_INTERRUPTED', `The wait for ${path} was interrupted.`);
      });
      if ((await lookAt(path))?.state !== before) return true;
    }
    return false;
  };

  const held = await writing(target, async (): Promise<HeldLock | null> => {
    await makeFolder(dirname(target));
    for (;;) {
      if (await create(path, own)) return null;
      const found = await lookAt(path);
      if (found === null) continue;
      // Nothing keeps a run between making the folder and the file, or loses anything if it was kept.
      const needed = found.name === null ? touchMs : patienceMs;
      if (!isGone(found.holder, self) && (await changes(found.state, needed))) {
        const now = await lookAt(path);
        if (now === null) continue;
        const { holder } = now;
        return { heldBy: holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}` };
      }
      if (await takeOver(path, found.name, own)) return null;
    }
  });
  if (held !== null) return held;

  const file = join(path, own);
  const touch = (): void => {
    const now = new Date();
    // Where that fails, so does the work.
    utimes(file, now, now).catch(() => undefined);
  };
  touch();
  const timer = setInterval(touch, touchMs);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      // A machine that slept for long may have lost it.
      if (await done(unlink(file), 'ENOENT')) await removeEmpty(path);
    },
  };
}

/** Whether the lock is taken; not where there is one. */
async function create(path: string, own: string): Promise<boolean> {
  if (!(await done(mkdir(path), 'EEXIST'))) return false;
  // Who slept between both may find that it was taken for left: gone, or another one's.
  if (!(await done(writeFile(join(path, own), '', { flag: 'wx' }), 'ENOENT'))) return false;
  if ((await readdir(path)).filter((name) => holderOf(name) !== null).length === 1) return true;
  await unlink(join(path, own));
  return false;
}

/** Takes a lock that was found to be left; false where somebody was quicker, or where it is to be made anew. */
async function takeOver(path: string, name: string | null, own: string): Promise<boolean> {
  if (name !== null) return done(rename(join(path, name), join(path, own)), 'ENOENT');
  await removeEmpty(path);
  return false;
}

/**
 * Who has a lock, and what a touch changes; null where there is none. Without a name it is being made or released, or a
 * run was killed there.
 */
async function lookAt(
  path: string,
): Promise<{ name: string | null; state: string; holder: Holder | null } | null> {
  try {
    const names = await readdir(path);
    const name = names.find((each) => holderOf(each) !== null) ?? null;
    // Opened, because NFS then asks the server.
    const file = await open(name === null ? path : join(path, name), 'r');
    try {
      const state = `${(await file.stat()).mtimeMs} ${name}`;
      return { name, state, holder: name === null ? null : holderOf(name) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** A name that no other lock ever has. */
function nameOf({ pid, host, namespace }: Holder): string {
  return [pid, encodeURIComponent(host), encodeURIComponent(namespace), randomUUID()].join('@');
}

/** Null for a file of another kind, such as those of NFS. */
function holderOf(name: string): Holder | null {
  const [pid, host, namespace, unique] = name.split('@');
  if (host === undefined || namespace === undefined || unique === undefined) return null;
  return { pid: Number(pid), host: decodeURIComponent(host), namespace: decodeURIComponent(namespace) };
}

function isGone(holder: Holder | null, self: Holder): boolean {
  if (holder === null || holder.host !== self.host || holder.namespace !== self.namespace) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return isSystemError(error, 'ESRCH');
  }
}

async function removeEmpty(path: string): Promise<void> {
  await done(rmdir(path), 'ENOENT', 'ENOTEMPTY');
}

/** False where it fails for one of the reasons that another run may be. */
async function done(work: Promise<unknown>, ...reasons: readonly string[]): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (reasons.some((reason) => isSystemError(error, reason))) return false;
    throw error;
  }
}

/** Empty where the system has no such thing. */
function processNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

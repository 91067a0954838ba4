import { open, readFile, readlink, rename, rm, type FileHandle } from 'node:fs/promises';
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
  /** The lock's file is touched at this distance. */
  readonly touchMs: number;
  /** One that nobody has touched for so long was left by a run that is no more. */
  readonly patienceMs: number;
}

const TIMES: LockTimes = { touchMs: 2000, patienceMs: 20_000 };

/** What stands in the lock's file. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Within which process numbers mean something: containers have their own, whatever their host is called. */
  readonly namespace: string;
}

/** The file that is there while a run makes the results for `target`: `.NAME.lock` beside it. */
export function lockFile(target: string): string {
  return join(dirname(target), `.${basename(target)}.lock`);
}

/**
 * Takes the lock of `target`.
 *
 * One that a killed run left is taken over: at once where its process was one of this machine and is no more. Else
 * nothing but a touch tells a run that is at work from one that is gone, since another machine may have had it, or
 * another process may have got the number after a restart; then this waits for a touch. Clocks are not compared.
 *
 * @throws DeadpanError `E_OUTPUT` where it cannot be written; `E_INTERRUPTED` while it waits.
 */
export async function lockFolder(
  target: string,
  signal?: AbortSignal,
  { touchMs, patienceMs }: LockTimes = TIMES,
): Promise<FolderLock | HeldLock> {
  const path = lockFile(target);
  const self: Holder = { pid: process.pid, host: hostname(), namespace: await processNamespace() };
  const own = JSON.stringify(self);

  /** Whether the lock is touched, or goes, within the time that a run at work would need for it. */
  const changes = async (before: string): Promise<boolean> => {
    for (let waited = 0; waited < patienceMs; waited += touchMs / 4) {
      await delay(touchMs / 4, undefined, { signal }).catch(() => {
        throw new DeadpanError('E_INTERRUPTED', `The wait for ${path} was interrupted.`);
      });
      if ((await lookAt(path))?.state !== before) return true;
    }
    return false;
  };

  const taken = await writing(target, async () => {
    await makeFolder(dirname(target));
    for (;;) {
      const made = await create(path, own);
      if (made !== null) return made;
      const found = await lookAt(path);
      if (found === null) continue;
      const { holder, text, state } = found;
      if (!isGone(holder, self) && (await changes(state))) {
        if ((await lookAt(path)) === null) continue;
        return { heldBy: holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}` };
      }
      await removeLeft(path, text);
    }
  });

  if ('heldBy' in taken) return taken;
  const file = taken;
  const timer = setInterval(() => {
    const now = new Date();
    // Where that fails, so does the work.
    file.utimes(now, now).catch(() => undefined);
  }, touchMs);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await file.close();
      // A machine that slept for long may have lost it.
      if ((await lookAt(path))?.text === own) await rm(path, { force: true });
    },
  };
}

/** Null where there is one. */
async function create(path: string, text: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return null;
    throw error;
  }
  try {
    await file.writeFile(text);
    return file;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** What a lock says, and what a touch changes; null where there is none. Opened, because NFS then asks the server. */
async function lookAt(path: string): Promise<{ text: string; state: string; holder: Holder | null } | null> {
  try {
    const file = await open(path, 'r');
    try {
      const text = await file.readFile('utf8');
      return { text, state: `${(await file.stat()).mtimeMs} ${text}`, holder: parse(text) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Null where the run was killed, or is, between making the file and writing it. */
function parse(text: string): Holder | null {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return null;
  }
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

/** Removes a lock that was found to be left. Where another run has taken it over in the meantime, that one keeps it. */
async function removeLeft(path: string, text: string): Promise<void> {
  if ((await lookAt(path))?.text !== text) return;
  // It may have been right now: so what was moved is looked at.
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) === text) await rm(aside, { force: true });
  else await rename(aside, path);
}

/** Empty where the system has no such thing. */
function processNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

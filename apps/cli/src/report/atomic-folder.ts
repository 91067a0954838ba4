import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { writing } from './output-error.js';
import { isSystemError } from './system-error.js';

/** A folder of results that is filled out of sight and appears when it is complete. */
export interface AtomicFolder {
  /** Where to write: a hidden folder beside the one that will appear, which nobody but its owner may enter. */
  readonly path: string;
  /** Where the results will be. */
  readonly target: string;
  /** Lets the results appear and removes the hidden folder. */
  publish(): Promise<void>;
  /** Removes the hidden folder and what is in it. */
  discard(): Promise<void>;
}

/** Which files of the target belong to the results. */
export interface AtomicFolderOptions {
  /**
   * Names (files or folders) that an earlier run may have left and that this run may not write again, in the order in
   * which they appear: first the one by which `isOwn` knows the folder.
   */
  readonly names: readonly string[];
  /** Which files of the folders among them are results. */
  readonly inFolders: RegExp;
  /** The file that says that a folder is complete: it goes first and comes last. */
  readonly seal: string;
  /** Whether a folder is known to hold results, so that what has one of the names may be replaced. */
  readonly isOwn: (folder: string) => Promise<boolean>;
  /** Files to work with, which are no results: they go when all that could fail has been done. */
  readonly working: readonly string[];
  /** Goes on with what an interrupted run left in the hidden folder; without it, that is removed first. */
  readonly resume?: boolean;
}

/** The hidden folder in which the results for `target` are made. */
export function hiddenFolder(target: string): string {
  return join(dirname(target), `.${basename(target)}.partial`);
}

/**
 * Makes the hidden folder for `target`.
 *
 * Where nothing is at `target`, one rename lets all results appear at once. Where a folder is (results of an earlier
 * run, or those of inputs deeper down), only the named entries are replaced, one rename each; the seal is taken away
 * first and put back last, so a folder that holds it is complete, whenever the machine stops.
 *
 * @throws DeadpanError `E_OUTPUT`, here and from every method, for what the file system refuses, and where somebody else
 * has something of one of the names in a folder at `target`.
 */
export async function createAtomicFolder(
  target: string,
  options: AtomicFolderOptions,
): Promise<AtomicFolder> {
  const path = hiddenFolder(target);
  await writing(target, async () => {
    await makeFolder(dirname(target));
    if ((await isThere(target)) && !(await stat(target)).isDirectory()) {
      throw Object.assign(new Error('a file is in the way'), { code: 'EEXIST', syscall: 'mkdir' });
    }
    await refuseForeign(target, options);
    if (options.resume !== true) await rm(path, { recursive: true, force: true });
    await makeFolder(path, true, OWNER_ONLY);
    // One that is gone on with may be from a version that let everybody in. File systems without modes keep none.
    if (((await stat(path)).mode & 0o777) !== OWNER_ONLY)
      await chmod(path, OWNER_ONLY).catch(() => undefined);
  });

  const replaceEntries = async (): Promise<void> => {
    await rm(join(target, options.seal), { force: true });
    const made = await readdir(path);
    const { names, seal, inFolders } = options;
    for (const name of names) if (!made.includes(name)) await removeResult(join(target, name), inFolders);
    const order = [...names.filter((name) => name !== seal), seal];
    for (const name of order) {
      if (!made.includes(name)) continue;
      const [from, to] = [join(path, name), join(target, name)];
      if ((await stat(from)).isDirectory()) {
        await removeResult(to, inFolders);
        await makeFolder(to);
        for (const file of await readdir(from)) await rename(join(from, file), join(to, file));
      } else {
        await rename(from, to);
      }
    }
    await rm(path, { recursive: true, force: true });
  };

  return {
    path,
    target,
    publish: () =>
      writing(target, async () => {
        await refuseForeign(target, options);
        const mode = await modeOfNew(path);
        for (const name of options.working) await rm(join(path, name), { force: true });
        if (!(await isThere(target))) {
          try {
            if ((await stat(path)).mode !== mode) await chmod(path, mode & 0o7777);
            await rename(path, target);
            return;
          } catch (error) {
            // Another input deeper down has made the folder in the meantime.
            if (!(await isThere(target))) throw error;
          }
        }
        await replaceEntries();
      }),
    discard: () => writing(path, () => rm(path, { recursive: true, force: true })),
  };
}

/** Mode of the hidden folder: what waits in it may show faces. */
const OWNER_ONLY = 0o700;

/** The mode that any new folder gets here: the umask, and what the folder above hands down. */
async function modeOfNew(path: string): Promise<number> {
  const sample = join(path, '.mode');
  await mkdir(sample);
  const { mode } = await stat(sample);
  await rmdir(sample);
  return mode;
}

/**
 * Fails with `ENOTEMPTY` where a folder holds something of a result's name and is not known to be of results: what
 * stands there is somebody else's.
 */
export async function refuseForeign(
  folder: string,
  { names, isOwn }: Pick<AtomicFolderOptions, 'names' | 'isOwn'>,
): Promise<void> {
  if (!(await isThere(folder)) || (await isOwn(folder))) return;
  const there = await readdir(folder);
  if (!names.some((name) => there.includes(name))) return;
  throw Object.assign(new Error('a folder is in the way'), { code: 'ENOTEMPTY', syscall: 'rename' });
}

/** Removes a file, or the results in a folder and the folder with them unless there is something else in it. */
async function removeResult(path: string, inFolders: RegExp): Promise<void> {
  if ((await lstat(path).catch(() => null))?.isDirectory() !== true) return rm(path, { force: true });
  const entries = await readdir(path);
  const results = entries.filter((name) => inFolders.test(name));
  for (const name of results) await rm(join(path, name), { force: true });
  if (results.length === entries.length) await rmdir(path);
}

/**
 * As `mkdir -p`. Node's own says ENOENT for a read-only file system, which would name the wrong reason, and never comes
 * to an end in `/proc`, where nothing can be made.
 */
export async function makeFolder(path: string, parents = true, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && parents && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await makeFolder(path, false, mode);
    } else if (code !== 'EEXIST' || !(await stat(path)).isDirectory()) {
      throw error;
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

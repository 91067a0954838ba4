import { chmod, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { writing } from './output-error.js';

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
  /** Names (files or folders) that an earlier run may have left and that this run may not write again. */
  readonly names: readonly string[];
  /** The file that says that a folder is complete: it goes first and comes last. */
  readonly seal: string;
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
 * @throws DeadpanError `E_OUTPUT`, here and from every method, for what the file system refuses.
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
    if (options.resume !== true) await rm(path, { recursive: true, force: true });
    await makeFolder(path, true, OWNER_ONLY);
    // One that is gone on with may be from a version that let everybody in. File systems without modes keep none.
    if (((await stat(path)).mode & 0o777) !== OWNER_ONLY)
      await chmod(path, OWNER_ONLY).catch(() => undefined);
  });

  const replaceEntries = async (): Promise<void> => {
    await rm(join(target, options.seal), { force: true });
    const made = await readdir(path);
    for (const name of options.names) {
      if (!made.includes(name)) await rm(join(target, name), { recursive: true, force: true });
    }
    for (const name of [...made.filter((entry) => entry !== options.seal), options.seal]) {
      if (!made.includes(name)) continue;
      if ((await stat(join(path, name))).isDirectory()) {
        await rm(join(target, name), { recursive: true, force: true });
      }
      await rename(join(path, name), join(target, name));
    }
    await rm(path, { recursive: true, force: true });
  };

  return {
    path,
    target,
    publish: () =>
      writing(target, async () => {
        if (!(await isThere(target))) {
          try {
            await openToAll(path);
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

/** Gives a folder the mode that any new one gets here: the umask, and what the folder above it hands down. */
async function openToAll(path: string): Promise<void> {
  const sample = join(path, '.mode');
  await mkdir(sample);
  const { mode } = await stat(sample);
  await rmdir(sample);
  if ((await stat(path)).mode !== mode) await chmod(path, mode & 0o7777);
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

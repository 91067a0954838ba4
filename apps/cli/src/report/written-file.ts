import type { Stats } from 'node:fs';
import { chmod, chown, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { writing } from './output-error.js';

/**
 * Writes a whole file: beside its place, then renamed, so that no reader ever sees half of it.
 *
 * @param writer tells processes apart that may write the same file at the same time
 * @param like the file whose mode, and where that is allowed whose owner, the new one has; left out: those of any new file
 * @throws DeadpanError `E_OUTPUT` for what the file system refuses; nothing is left behind then.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  writer = '',
  like?: Stats,
): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}${writer}.partial`);
  await writing(path, async () => {
    try {
      if (like === undefined) await writeFile(beside, content);
      else await writeLike(beside, content, like);
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

/** At no time may anybody read the file who may not read the other. */
async function writeLike(path: string, content: string | Uint8Array, like: Stats): Promise<void> {
  // What a killed run left would keep its mode.
  await rm(path, { force: true });
  await writeFile(path, content, { flag: 'wx', mode: 0o600 });
  await chown(path, like.uid, like.gid).catch(() => undefined);
  await chmod(path, like.mode & 0o777);
}

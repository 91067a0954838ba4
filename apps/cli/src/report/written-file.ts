import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { writing } from './output-error.js';

/**
 * Writes a whole file: beside its place, then renamed, so that no reader ever sees half of it.
 *
 * @param writer tells processes apart that may write the same file at the same time
 * @throws DeadpanError `E_OUTPUT` for what the file system refuses; nothing is left behind then.
 */
export async function writeWhole(path: string, content: string | Uint8Array, writer = ''): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}${writer}.partial`);
  await writing(path, async () => {
    try {
      await writeFile(beside, content);
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

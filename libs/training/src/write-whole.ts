import { rename, writeFile } from 'node:fs/promises';

/** Writes a file beside its place and moves it there, so that a killed run leaves it whole or not at all. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

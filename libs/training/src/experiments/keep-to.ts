import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DeadpanError } from '@deadpan/shared';
import { writeWhole } from '../write-whole.js';

/**
 * Writes down what a folder's contents were made from, so that they are never taken for those of something else.
 * @param about what the settings name, for the message
 * @throws DeadpanError E_TRAINING where the file is there and tells of other settings
 */
export async function keepTo(file: string, settings: object, about: string): Promise<void> {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  if (!existsSync(file)) {
    await writeWhole(file, text);
    return;
  }
  if ((await readFile(file, 'utf8')) !== text) {
    throw new DeadpanError('E_TRAINING', `${file} tells of another experiment (${about} differ).`, {
      advice: 'Choose another folder with --out, or remove that one.',
    });
  }
}

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';

import { DeadpanError } from '@deadpan/shared';
import { parseDocument } from 'yaml';

import { writeWhole } from '../report/written-file.js';

/**
 * Sets options in a configuration file and leaves the rest of it, comments too, as it is: also who may read it, since it
 * may hold tokens, and a link to it. A file that is not there is made.
 * @param section the options' section, such as `inference`
 * @throws DeadpanError E_CONFIG where the file is not YAML, E_OUTPUT where it cannot be written
 */
export async function writeOptions(
  path: string,
  section: string,
  options: Readonly<Record<string, number>>,
): Promise<void> {
  const isThere = existsSync(path);
  const document = parseDocument(isThere ? readFileSync(path, 'utf8') : '');
  const [error] = document.errors;
  if (error !== undefined) {
    throw new DeadpanError('E_CONFIG', `${path} is not YAML: ${error.message}`, {
      advice: 'Correct it, or leave --config out to have the options printed.',
    });
  }
  for (const [name, value] of Object.entries(options)) document.setIn([section, name], value);
  const content = document.toString();
  if (isThere) await writeWhole(realpathSync(path), content, '', statSync(path));
  else await writeWhole(path, content);
}

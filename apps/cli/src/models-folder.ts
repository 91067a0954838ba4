import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the models: `DEADPAN_MODELS`, or the one that comes with Deadpan. */
export function modelsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['DEADPAN_MODELS'] ?? fileURLToPath(new URL('../../../models', import.meta.url));
}

/** The folder of one model. */
export const modelFolder = (name: 'fer' | 'hng', folder = modelsFolder()): string => join(folder, name);

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Clips, traces and results of runs; ignored by git. */
export const cache = join(root, '.cache/bench');

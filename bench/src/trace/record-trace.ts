import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runDeadpan, type Run } from '../contenders.js';
import type { Clip } from '../ffmpeg.js';
import { cache } from '../folders.js';

/** What a trace was taken of. */
export interface TraceSummary {
  readonly frames: number;
  readonly faces: number;
}

const PRELOAD = fileURLToPath(new URL('./preload.js', import.meta.url));

/** Runs `deadpan` over a clip once and writes down what its networks do, into a folder of the cache. */
export async function recordTrace(clip: Clip): Promise<{ readonly folder: string; readonly run: Run }> {
  const folder = join(cache, 'trace');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const run = await runDeadpan([clip.path], {
    nodeOptions: ['--import', PRELOAD],
    env: { TRACE_FOLDER: folder },
  });
  const { frames, faces } = run;
  writeFileSync(join(folder, 'summary.json'), JSON.stringify({ frames, faces } satisfies TraceSummary));
  return { folder, run };
}

import { access, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

import type { FilePosition } from '@deadpan/ingest';
import type { StageCounts } from '@deadpan/shared';

import type { StagesState } from '../pipeline/stages.js';
import { writing } from '../report/output-error.js';
import type { PicksState } from '../report/references-picks.js';
import { version } from '../version.js';
import type { DeadLetterNote } from './dead-letter-note.js';
import { difference, type MadeFrom } from './made-from.js';

/**
 * All that an interrupted analysis needs to go on, besides its tables: taken when every frame up to `position` was done
 * and nothing was under way.
 */
export interface Checkpoint {
  readonly madeFrom: MadeFrom;
  readonly position: FilePosition;
  readonly stages: StagesState;
  /** Bytes of the tables; 0 for no foreign one. */
  readonly bytes: { readonly faces: number; readonly emotions: number; readonly foreign: number };
  /** References in the spool for the annotated video. */
  readonly references: number;
  /** By track. */
  readonly picks: ReadonlyMap<string, PicksState>;
  readonly counts: ReadonlyMap<string, StageCounts>;
  readonly deadLetters: readonly DeadLetterNote[];
  /** Wall clock until then. */
  readonly seconds: number;
}

/** Name of the file within the unfinished folder. */
const CHECKPOINT_FILE = 'checkpoint';
/** The next one, while it is written. */
const NEXT_FILE = `${CHECKPOINT_FILE}.new`;

/** What may be in the unfinished folder for checkpoints. */
export const CHECKPOINT_FILES = [CHECKPOINT_FILE, NEXT_FILE];

/** What was found to go on from, or why that cannot be used. */
export type FoundCheckpoint = { readonly checkpoint: Checkpoint } | { readonly useless: string };

/**
 * Writes a checkpoint in place of the one before. It is on the disk when this resolves; at any time there is the old one
 * or the new one, whole.
 *
 * The format is V8's structured clone, which keeps typed arrays, maps and every bit of a number. Only the owner may read
 * the file: the tracker compares the next frame with the faces and the picture of the last one, so they are in it.
 * @throws DeadpanError E_OUTPUT
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const path = join(folder, CHECKPOINT_FILE);
  const next = join(folder, NEXT_FILE);
  const bytes = serialize({ version, ...checkpoint });
  await writing(path, async () => {
    // A killed run may have left one, whose mode would stay.
    await rm(next, { force: true });
    const file = await open(next, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(next, path);
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  });
}

/** The checkpoint in an unfinished folder; null where there is none. */
export async function readCheckpoint(folder: string, now: MadeFrom): Promise<FoundCheckpoint | null> {
  const bytes = await readFile(join(folder, CHECKPOINT_FILE)).catch(() => null);
  if (bytes === null) return null;
  let found: Checkpoint & { readonly version: string };
  try {
    found = deserialize(bytes) as typeof found;
  } catch {
    return { useless: 'it cannot be read' };
  }
  if (found.version !== version) return { useless: `it was made by Deadpan ${found.version}` };
  // Of two files that look the same, one must not go on where the other was.
  const { path } = found.madeFrom.input;
  if (path !== undefined && path !== now.input.path) return { useless: `it is of ${path}` };
  const changed = difference(found.madeFrom, now);
  return changed === null ? { checkpoint: found } : { useless: changed };
}

/** Whether an unfinished folder has something to go on from. */
export async function hasCheckpoint(folder: string): Promise<boolean> {
  return access(join(folder, CHECKPOINT_FILE)).then(
    () => true,
    () => false,
  );
}

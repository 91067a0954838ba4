import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ErrorCode } from '@deadpan/shared';

import { writeWhole } from '../report/written-file.js';
import { inputFile, isSameFile, type MadeFrom } from './made-from.js';
import type { InputRecord, StageReport } from './run-record.js';

/**
 * `record.json` in an input's folder: what its results are made from and what became of it. It appears with the results,
 * in one step, so what is finished is known to be, whenever the machine stops and whoever did it. Without times: the
 * same input gives the same bytes.
 */
export interface FolderRecord {
  readonly state: 'done' | 'failed';
  /** Why it failed, with its error code; null otherwise. */
  readonly reason: string | null;
  /** That error code; null where there is none. */
  readonly code: ErrorCode | null;
  readonly frames: number;
  readonly faces: number;
  readonly tracks: number;
  readonly stages: Readonly<Record<string, Omit<StageReport, 'seconds' | 'perSecond'>>>;
  /** Null where the file could not be looked at. */
  readonly madeFrom: MadeFrom | null;
}

/** Name of the file. */
export const RECORD_FILE = 'record.json';

/** The part of a run's record that stays in the input's folder. */
export function folderRecord(record: InputRecord, madeFrom: MadeFrom | null): FolderRecord {
  const { state, reason, code, frames, faces, tracks } = record;
  const stages = Object.entries(record.stages).map(
    ([stage, { received, emitted, dropped, deadLettered }]) =>
      [stage, { received, emitted, dropped, deadLettered }] as const,
  );
  return {
    ...{ state: state === 'failed' ? 'failed' : 'done', reason, code, frames, faces, tracks },
    stages: Object.fromEntries(stages),
    madeFrom,
  };
}

/** A run's record of an input that another run worked on. */
export function recordOf(input: string, output: string, folder: FolderRecord): InputRecord {
  const { state, reason, code, frames, faces, tracks } = folder;
  const stages = Object.entries(folder.stages).map(
    ([stage, counts]) => [stage, { ...counts, seconds: 0, perSecond: 0 }] as const,
  );
  return {
    ...{ input, output, state: state === 'done' ? 'skipped' : 'failed', reason, code, frames, faces, tracks },
    seconds: 0,
    stages: Object.fromEntries(stages),
  };
}

/** Reads a folder's record; null where there is none that can be read. */
export async function readFolderRecord(folder: string): Promise<FolderRecord | null> {
  try {
    const found: unknown = JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8'));
    const isOne = typeof found === 'object' && found !== null && 'madeFrom' in found && 'state' in found;
    // Somebody else's file may have the same name.
    return isOne ? (found as FolderRecord) : null;
  } catch {
    return null;
  }
}

/** Reads the record of the input at `path` from its folder; null where there is none, or one of another file. */
export async function readOwnRecord(out: string, output: string, path: string): Promise<FolderRecord | null> {
  const record = await readFolderRecord(join(out, output));
  if (record === null || record.madeFrom === null) return record;
  const now = await inputFile(path, out).catch(() => null);
  return now === null || (await isSameFile(record.madeFrom.input, now, out)) ? record : null;
}

/**
 * Writes a folder's record.
 * @throws DeadpanError E_OUTPUT
 */
export function writeFolderRecord(folder: string, record: FolderRecord): Promise<void> {
  return writeWhole(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

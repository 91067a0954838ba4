import { join } from 'node:path';

import type { ErrorCode, StageCounts } from '@deadpan/shared';

import type { DeadpanConfig } from '../config.js';
import type { ModelFacts } from '../report/report-html.js';
import { writeWhole } from '../report/written-file.js';

/** What became of one input. */
export interface InputRecord {
  /** As the user named it. */
  readonly input: string;
  /** Folder of its results, relative to the output folder. */
  readonly output: string;
  readonly state: 'done' | 'failed' | 'skipped';
  /** Why it failed, with its error code; null otherwise. */
  readonly reason: string | null;
  /** That error code; null where there is none. */
  readonly code: ErrorCode | null;
  readonly frames: number;
  readonly faces: number;
  readonly tracks: number;
  /** Wall clock; 0 where nothing was done in this run. */
  readonly seconds: number;
  readonly stages: Readonly<Record<string, StageReport>>;
}

/** What one stage did for one input. */
export interface StageReport {
  readonly received: number;
  readonly emitted: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly deadLettered: Readonly<Record<string, number>>;
  /** Sum over calls, which may run side by side. */
  readonly seconds: number;
  /** Records a second of that time. */
  readonly perSecond: number;
}

/** `run.json`. */
export interface RunRecord {
  readonly version: string;
  readonly models: readonly ModelFacts[];
  /** The options that an analysis depends on. */
  readonly configuration: Pick<DeadpanConfig, 'ingest' | 'align' | 'inference' | 'window'>;
  readonly inputs: readonly InputRecord[];
}

/** Name of the file. */
const FILE = 'run.json';

/**
 * Writes `run.json`.
 * @throws DeadpanError E_OUTPUT
 */
export function writeRunRecord(folder: string, record: RunRecord, writer: string): Promise<void> {
  return writeWhole(join(folder, FILE), `${JSON.stringify(record, null, 2)}\n`, writer);
}

/** Counts as run.json shows them. */
export function stageReports(counts: ReadonlyMap<string, StageCounts>): Record<string, StageReport> {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return Object.fromEntries(
    [...counts].map(([stage, { received, emitted, dropped, deadLettered, seconds }]) => [
      stage,
      {
        received,
        emitted,
        dropped,
        deadLettered,
        seconds: round(seconds),
        perSecond: seconds > 0 ? round(received / seconds) : 0,
      },
    ]),
  );
}

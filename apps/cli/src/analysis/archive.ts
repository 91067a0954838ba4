import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { archiveIndexHtml, type ArchiveEntry } from '../report/archive-index.js';
import { readEmotionsTable } from '../report/emotions-table.js';
import { readFacesTable } from '../report/faces-table.js';
import type { ExportedRow } from '../report/parquet-export.js';
import type { Summary } from '../report/summary.js';
import { writeWhole } from '../report/written-file.js';
import { version } from '../version.js';
import { SEAL } from './result-files.js';
import type { InputRecord } from './run-record.js';

/**
 * Writes what is made over all inputs of a run: `index.html`, and with `parquet` `faces.parquet` and `emotions.parquet`.
 * @param writer as {@link writeWhole} has it
 * @throws DeadpanError E_OUTPUT
 */
export async function writeArchive(
  out: string,
  records: readonly InputRecord[],
  parquet: boolean,
  writer: string,
): Promise<void> {
  const entries: ArchiveEntry[] = [];
  for (const { input, output, state, reason } of records) {
    // Whether results were made by this run or by one before it says nothing to their reader.
    const shown = state === 'failed' ? state : 'done';
    entries.push({ input, output, state: shown, reason, summary: await readSummary(out, output) });
  }
  await writeWhole(join(out, 'index.html'), archiveIndexHtml({ version, entries }), writer);
  if (!parquet) return;
  const { exportEmotions, exportFaces } = await import('../report/parquet-export.js');
  const withResults = entries.filter(({ summary }) => summary !== null);
  await exportFaces(
    join(out, 'faces.parquet'),
    rowsOf(withResults, (output) => readFacesTable(join(out, output, 'faces.csv'))),
    writer,
  );
  await exportEmotions(
    join(out, 'emotions.parquet'),
    rowsOf(withResults, (output) => readEmotionsTable(join(out, output, 'emotions.csv'))),
    writer,
  );
}

async function readSummary(out: string, output: string): Promise<Summary | null> {
  if (output === '') return null;
  try {
    return JSON.parse(await readFile(join(out, output, SEAL), 'utf8')) as Summary;
  } catch {
    return null;
  }
}

async function* rowsOf<Row>(
  entries: readonly ArchiveEntry[],
  read: (output: string) => AsyncIterable<Row>,
): AsyncGenerator<ExportedRow<Row>> {
  for (const { input, output } of entries) {
    for await (const row of read(output)) yield { input, row };
  }
}

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

import { emotionRow, openEmotionsTable } from './emotions-table.js';
import { faceRow, openFacesTable, type FaceRow } from './faces-table.js';
import { exportEmotions, exportFaces, type ExportedRow } from './parquet-export.js';
import { sampleEmotions, sampleExpressions } from './sample-analysis.js';

async function* from<Row>(rows: Iterable<Row>): AsyncGenerator<ExportedRow<Row>> {
  for (const row of rows) {
    await Promise.resolve();
    yield { input: 'films/clip.mp4', row };
  }
}

/** The rows of a CSV file as Parquet has them: numbers, and null for an empty cell. */
async function rowsOfCsv(path: string): Promise<Record<string, unknown>[]> {
  const words = ['track', 'expression'];
  const rows = parse(await readFile(path), { columns: true }) as unknown as Record<string, string>[];
  const value = (name: string, cell: string) =>
    cell === '' ? null : words.includes(name) ? cell : Number(cell);
  return rows.map((row) => ({
    input: 'films/clip.mp4',
    ...Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, value(name, cell)])),
  }));
}

const rowsOfParquet = async (path: string): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: await asyncBufferFromFile(path) });

async function isParquet(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return bytes.toString('latin1', 0, 4) === 'PAR1' && bytes.toString('latin1', bytes.length - 4) === 'PAR1';
}

test('both tables become Parquet files with all columns, also without a row', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-parquet-'));
  t.after(() => rm(folder, { recursive: true }));
  const faces = join(folder, 'faces.parquet');
  const emotions = join(folder, 'emotions.parquet');
  const rows: FaceRow[] = [{ frame: 0, time: 0, face: null }, ...[...sampleExpressions()].map(faceRow)];
  await exportFaces(faces, from(rows));
  await exportEmotions(emotions, from(sampleEmotions().map(emotionRow)));
  assert.ok((await isParquet(faces)) && (await isParquet(emotions)));
  const text = await readFile(faces, 'latin1');
  for (const column of ['input', 'box_w', 'contempt', 'intensity']) assert.ok(text.includes(column));

  const empty = join(folder, 'empty.parquet');
  await exportFaces(empty, from([]));
  assert.ok(await isParquet(empty));
  assert.deepEqual((await readdir(folder)).sort(), ['emotions.parquet', 'empty.parquet', 'faces.parquet']);
});

test('what Parquet holds is what the CSV tables hold, column by column', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-parquet-'));
  t.after(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const faces: FaceRow[] = [{ frame: 0, time: 0, face: null }, ...[...sampleExpressions()].map(faceRow)];
  const emotions = sampleEmotions().map(emotionRow);
  const facesTable = await openFacesTable(at('faces.csv'));
  for (const row of faces) await facesTable.write(row);
  await facesTable.close();
  const emotionsTable = await openEmotionsTable(at('emotions.csv'));
  for (const row of emotions) await emotionsTable.write(row);
  await emotionsTable.close();
  await exportFaces(at('faces.parquet'), from(faces));
  await exportEmotions(at('emotions.parquet'), from(emotions));
  for (const [name, count] of [
    ['faces', faces.length],
    ['emotions', emotions.length],
  ] as const) {
    const expected = await rowsOfCsv(at(`${name}.csv`));
    const actual = await rowsOfParquet(at(`${name}.parquet`));
    assert.equal(actual.length, count);
    assert.deepEqual(actual, expected);
    assert.deepEqual(Object.keys(actual[0] ?? {}), Object.keys(expected[0] ?? {}), 'in the same order');
  }
});

test('a failure on the way leaves nothing behind', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'deadpan-parquet-'));
  t.after(() => rm(folder, { recursive: true }));
  async function* broken(): AsyncGenerator<ExportedRow<FaceRow>> {
    yield* from([{ frame: 0, time: 0, face: null }]);
    throw new TypeError('bug');
  }
  await assert.rejects(exportFaces(join(folder, 'faces.parquet'), broken()), TypeError);
  assert.deepEqual(await readdir(folder), []);
  await assert.rejects(exportFaces(join(folder, 'none/faces.parquet'), from([])), { code: 'E_OUTPUT' });
});

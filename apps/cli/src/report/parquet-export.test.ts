import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { emotionRow } from './emotions-table.js';
import { faceRow, type FaceRow } from './faces-table.js';
import { exportEmotions, exportFaces, type ExportedRow } from './parquet-export.js';
import { sampleEmotions, sampleExpressions } from './sample-analysis.js';

async function* from<Row>(rows: Iterable<Row>): AsyncGenerator<ExportedRow<Row>> {
  for (const row of rows) {
    await Promise.resolve();
    yield { input: 'films/clip.mp4', row };
  }
}

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

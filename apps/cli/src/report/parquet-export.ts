import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CLASSES } from '@deadpan/shared';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';

import type { EmotionRow } from './emotions-table.js';
import type { FaceRow } from './faces-table.js';
import { writing } from './output-error.js';

/** A row of a table and the input that it comes from, as run.json names it. */
export interface ExportedRow<Row> {
  readonly input: string;
  readonly row: Row;
}

type ColumnType = 'STRING' | 'INT32' | 'DOUBLE';
type Columns = readonly (readonly [name: string, type: ColumnType])[];
type Cells = Readonly<Record<string, string | number | null>>;

const doubles = (...names: readonly string[]): Columns => names.map((name) => [name, 'DOUBLE']);

const FACES: Columns = [
  ['input', 'STRING'],
  ['frame', 'INT32'],
  ['time', 'DOUBLE'],
  ['track', 'STRING'],
  ...doubles('box_x', 'box_y', 'box_w', 'box_h', 'detection', 'yaw', 'pitch', 'roll', 'quality'),
  ['expression', 'STRING'],
  ...doubles(...CLASSES, 'intensity'),
];

const EMOTIONS: Columns = [
  ['input', 'STRING'],
  ['track', 'STRING'],
  ...doubles('start', 'end'),
  ['frames', 'INT32'],
  ['missed', 'INT32'],
  ['expression', 'STRING'],
  ...doubles(...CLASSES, 'intensity'),
];

/** Rows that are in memory at a time. */
const ROW_GROUP = 50_000;

/**
 * Writes the face rows of any number of inputs into one Parquet file: the columns of `faces.csv` after `input`, null
 * where its cells are empty. Memory holds one group of rows, however many there are.
 *
 * @param writer as `writeWhole` has it
 * @throws DeadpanError `E_OUTPUT`; no half-written file is left then
 */
export function exportFaces(
  path: string,
  rows: AsyncIterable<ExportedRow<FaceRow>>,
  writer = '',
): Promise<void> {
  return exportRows(path, FACES, mapped(rows, faceCells), writer);
}

/** The same for the rows of `emotions.csv`. */
export function exportEmotions(
  path: string,
  rows: AsyncIterable<ExportedRow<EmotionRow>>,
  writer = '',
): Promise<void> {
  return exportRows(path, EMOTIONS, mapped(rows, emotionCells), writer);
}

async function exportRows(
  path: string,
  columns: Columns,
  rows: AsyncIterable<Cells>,
  writer: string,
): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}${writer}.partial`);
  await writing(path, async () => {
    try {
      await parquetWriteRows({
        writer: fileWriter(beside),
        rows,
        columns: columns.map(([name, type]) => ({ name, type })),
        rowGroupSize: ROW_GROUP,
        createdBy: 'deadpan',
      });
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

async function* mapped<From, To>(rows: AsyncIterable<From>, to: (row: From) => To): AsyncGenerator<To> {
  for await (const row of rows) yield to(row);
}

function faceCells({ input, row: { frame, time, face } }: ExportedRow<FaceRow>): Cells {
  const at = { input, frame, time };
  if (face === null) return { ...Object.fromEntries(FACES.map(([name]) => [name, null])), ...at };
  const { box, pose } = face;
  return {
    ...at,
    track: face.track,
    box_x: orNull(box.x),
    box_y: orNull(box.y),
    box_w: orNull(box.width),
    box_h: orNull(box.height),
    detection: orNull(face.detection),
    yaw: orNull(pose.yaw),
    pitch: orNull(pose.pitch),
    roll: orNull(pose.roll),
    quality: orNull(face.quality),
    expression: face.expression,
    ...byClass(face.probabilities),
    intensity: orNull(face.intensity),
  };
}

function emotionCells({ input, row }: ExportedRow<EmotionRow>): Cells {
  const { track, start, end, frames, missed, expression, probabilities, intensity } = row;
  return {
    ...{ input, track, start, end, frames, missed, expression },
    ...byClass(probabilities),
    intensity: orNull(intensity),
  };
}

function byClass(probabilities: readonly number[]): Cells {
  return Object.fromEntries(CLASSES.map((name, k) => [name, orNull(probabilities[k] ?? NaN)]));
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

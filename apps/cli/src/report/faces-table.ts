import {
  apportioned,
  CLASSES,
  DeadpanError,
  dominantClass,
  rounded,
  type Box,
  type Expression,
  type ExpressionClass,
  type Pose,
} from '@deadpan/shared';

import { cellNumber, numberCell, openTable, readTable, type Table, type TableLayout } from './csv-table.js';

/** A face as the table has it: rounded, so that a row that was read back equals the one that was written. */
export interface TabledFace {
  readonly track: string;
  /** Pixels of the upright frame, to a tenth. */
  readonly box: Box;
  /** The detector's confidence, 0..1, four decimals. */
  readonly detection: number;
  /** Degrees, to a tenth. */
  readonly pose: Pose;
  /** 0..1, four decimals. */
  readonly quality: number;
  readonly expression: ExpressionClass;
  /** In the order of CLASSES, four decimals, summing to 1. */
  readonly probabilities: readonly number[];
  /** 0..1, four decimals. */
  readonly intensity: number;
}

/** A row of `faces.csv`: a face in a frame, or a frame without one. */
export interface FaceRow {
  /** The analysed frame's sequence, from 0. */
  readonly frame: number;
  /** Seconds of the media, to the millisecond. */
  readonly time: number;
  readonly face: TabledFace | null;
}

/** The columns of `faces.csv`. */
export const FACE_COLUMNS = [
  ...['frame', 'time', 'track', 'box_x', 'box_y', 'box_w', 'box_h', 'detection', 'yaw', 'pitch', 'roll'],
  ...['quality', 'expression', ...CLASSES, 'intensity'],
] as const;

const NO_FACE: readonly string[] = Array.from({ length: FACE_COLUMNS.length - 2 }, () => '');

const layout: TableLayout<FaceRow> = {
  columns: FACE_COLUMNS,
  cells({ frame, time, face }) {
    if (face === null) return [String(frame), numberCell(time, 3), ...NO_FACE];
    const { box, pose } = face;
    return [
      String(frame),
      numberCell(time, 3),
      face.track,
      ...[box.x, box.y, box.width, box.height].map((value) => numberCell(value, 1)),
      numberCell(face.detection, 4),
      ...[pose.yaw, pose.pitch, pose.roll].map((value) => numberCell(value, 1)),
      numberCell(face.quality, 4),
      face.expression,
      ...face.probabilities.map((value) => numberCell(value, 4)),
      numberCell(face.intensity, 4),
    ];
  },
};

/** The row of an expression. */
export function faceRow(expression: Expression): FaceRow {
  const { face } = expression;
  const at = { frame: expression.sequence, time: clean(expression.timeUs / 1e6, 3) };
  if (face === null) return { ...at, face: null };
  const { box, pose } = face;
  return {
    ...at,
    face: {
      track: face.track,
      box: {
        x: clean(box.x, 1),
        y: clean(box.y, 1),
        width: clean(box.width, 1),
        height: clean(box.height, 1),
      },
      detection: clean(face.detection, 4),
      pose: { yaw: clean(pose.yaw, 1), pitch: clean(pose.pitch, 1), roll: clean(pose.roll, 1) },
      quality: clean(face.quality, 4),
      expression: dominantClass(face.probabilities),
      probabilities: apportioned(face.probabilities),
      intensity: clean(face.intensity, 4),
    },
  };
}

/** Opens `faces.csv` for writing; `bytes` as {@link openTable} has it. */
export function openFacesTable(path: string, bytes?: number): Promise<Table<FaceRow>> {
  return openTable(path, layout, bytes);
}

/**
 * Reads `faces.csv` back.
 *
 * @throws DeadpanError `E_RECORD_INVALID` when it is not such a table, `E_INPUT_MISSING` when it cannot be read.
 */
export async function* readFacesTable(path: string): AsyncGenerator<FaceRow> {
  for await (const cells of readTable(path, FACE_COLUMNS)) {
    const number = (column: (typeof FACE_COLUMNS)[number]): number => cellNumber(cells[column]);
    const at = { frame: number('frame'), time: number('time') };
    const { track = '' } = cells;
    if (track === '') {
      yield { ...at, face: null };
      continue;
    }
    yield {
      ...at,
      face: {
        track,
        box: { x: number('box_x'), y: number('box_y'), width: number('box_w'), height: number('box_h') },
        detection: number('detection'),
        pose: { yaw: number('yaw'), pitch: number('pitch'), roll: number('roll') },
        quality: number('quality'),
        expression: classOf(cells['expression'], path),
        probabilities: CLASSES.map(number),
        intensity: number('intensity'),
      },
    };
  }
}

/**
 * The class that a cell names.
 *
 * @throws DeadpanError `E_RECORD_INVALID` when it names none.
 */
export function classOf(cell: string | undefined, path: string): ExpressionClass {
  const found = CLASSES.find((name) => name === cell);
  if (found === undefined)
    throw new DeadpanError('E_RECORD_INVALID', `${path} names no class: "${cell ?? ''}".`);
  return found;
}

/** Rounded, and without the sign that zero may have. */
function clean(value: number, decimals: number): number {
  return rounded(value, decimals) + 0;
}

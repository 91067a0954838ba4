import { CLASSES, type Expression, type ExpressionClass } from '@deadpan/shared';

import { numberCell, openTable, type Table } from './csv-table.js';

/** The seven emotions of py-feat, in its order. It has no contempt. */
const EMOTIONS: readonly ExpressionClass[] = [
  ...(['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'] as const),
];

const LANDMARKS = Array.from({ length: 68 }, (_, i) => i);

/** The columns of py-feat 0.x and 1.x (https://py-feat.org), without its action units. */
export const PY_FEAT_COLUMNS: readonly string[] = [
  ...['frame', 'FaceRectX', 'FaceRectY', 'FaceRectWidth', 'FaceRectHeight', 'FaceScore'],
  ...LANDMARKS.map((i) => `x_${i}`),
  ...LANDMARKS.map((i) => `y_${i}`),
  ...['Pitch', 'Roll', 'Yaw'],
  ...EMOTIONS,
  'input',
];

/**
 * Opens a table for scripts that read py-feat's: one row a face, pixels and degrees, `NaN` where a frame has no face.
 *
 * The seven emotions share what contempt leaves over, so that they sum to 1 as py-feat's do. Yaw has py-feat's sign:
 * greater than 0 looks to the image's left.
 *
 * @param input what the column `input` says
 * @param bytes as {@link openTable} has it
 * @throws DeadpanError `E_OUTPUT`
 */
export function openPyFeatTable(path: string, input: string, bytes?: number): Promise<Table<Expression>> {
  return openTable(
    path,
    { columns: PY_FEAT_COLUMNS, cells: (expression) => pyFeatCells(expression, input) },
    bytes,
  );
}

function pyFeatCells({ sequence, face }: Expression, input: string): readonly string[] {
  if (face === null) {
    return [String(sequence), ...PY_FEAT_COLUMNS.slice(2).map(() => 'NaN'), input];
  }
  const { box, pose, landmarks, probabilities } = face;
  const shares = EMOTIONS.map((name) => probabilities[CLASSES.indexOf(name)] ?? 0);
  const sum = shares.reduce((total, share) => total + share, 0);
  return [
    String(sequence),
    ...[box.x, box.y, box.width, box.height].map((value) => numberOrNaN(value, 1)),
    numberOrNaN(face.detection, 4),
    ...LANDMARKS.map((i) => numberOrNaN(landmarks[2 * i] ?? NaN, 2)),
    ...LANDMARKS.map((i) => numberOrNaN(landmarks[2 * i + 1] ?? NaN, 2)),
    ...[pose.pitch, pose.roll, -pose.yaw].map((value) => numberOrNaN(value, 1)),
    ...shares.map((share) => numberOrNaN(share / sum, 4)),
    input,
  ];
}

/** A cell as pandas writes it: a number with a fixed number of decimals, or `NaN`. */
export function numberOrNaN(value: number, decimals: number): string {
  const cell = numberCell(Object.is(Number(value.toFixed(decimals)), -0) ? 0 : value, decimals);
  return cell === '' ? 'NaN' : cell;
}

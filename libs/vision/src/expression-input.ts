import { CROP_SIZE } from '@deadpan/shared/contracts';

import { equalizeHistogram } from './histogram-equalization.js';
import { removePlane } from './plane-fit.js';
import { standardize } from './standardize.js';

/** Side of what the expression network looks at, in pixels. */
export const EXPRESSION_INPUT_SIZE = 60;

/** A part of an aligned face of EXPRESSION_INPUT_SIZE pixels a side: where it begins, and whether it is mirrored. */
export interface InputCrop {
  readonly x: number;
  readonly y: number;
  readonly mirrored: boolean;
}

const CORNERS_AND_CENTRE = [
  [2, 2],
  [0, 0],
  [0, 4],
  [4, 0],
  [4, 4],
] as const;

/** The part that is classified. */
export const CENTRE_CROP: InputCrop = { x: 2, y: 2, mirrored: false };

/**
 * The paper's ten parts to train on: centre and corners, each with its mirror image. Recipes with `crops: ten` train on
 * these, others on parts that are drawn freely.
 */
export const TRAINING_CROPS: readonly InputCrop[] = CORNERS_AND_CENTRE.flatMap(([x, y]) => [
  { x, y, mirrored: false },
  { x, y, mirrored: true },
]);

/**
 * What the expression network sees of an aligned face or of a reference (CROP_SIZE x CROP_SIZE gray bytes): a part of
 * it, its histogram equalised, its slope of brightness removed, standardised; in this order. Written to `input` from
 * `offset`.
 */
export function writeExpressionInput(
  face: Uint8Array,
  crop: InputCrop,
  input: Float32Array,
  offset = 0,
): void {
  const size = EXPRESSION_INPUT_SIZE;
  const part = new Uint8Array(size * size);
  for (let y = 0; y < size; y += 1) {
    const row = (crop.y + y) * CROP_SIZE + crop.x;
    part.set(face.subarray(row, row + size), y * size);
    if (crop.mirrored) part.subarray(y * size, (y + 1) * size).reverse();
  }
  const values = input.subarray(offset, offset + size * size);
  values.set(equalizeHistogram(part));
  removePlane(values, size, size);
  standardize(values);
}

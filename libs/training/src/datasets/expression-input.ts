import {
  CENTRE_CROP,
  equalizeHistogram,
  removePlane,
  standardize,
  TRAINING_CROPS,
  writeExpressionInput,
} from '@deadpan/vision';
import type { Random } from '../random.js';
import { cropSide } from './augment-face.js';
import { faceOfCanvas } from './face-cache.js';

/**
 * Turns a 60x60 crop of grey levels into what the expression network reads: the same steps as at run time
 * (`writeExpressionInput` of the vision package), for crops that augmentation made.
 */
export function expressionInput(pixels: Float32Array): Float32Array {
  const values = Float32Array.from(equalizeHistogram(Uint8Array.from(pixels, (level) => Math.round(level))));
  removePlane(values, cropSide, cropSide);
  standardize(values);
  return values;
}

/** What the expression network reads of a canvas that is seen as one of the ten parts of the aligned face. */
export function oneOfTenInputs(canvas: Uint8Array, random: Random): Float32Array {
  const crop = TRAINING_CROPS[Math.floor(random.next() * TRAINING_CROPS.length)] ?? CENTRE_CROP;
  const values = new Float32Array(cropSide * cropSide);
  writeExpressionInput(faceOfCanvas(canvas), crop, values);
  return values;
}

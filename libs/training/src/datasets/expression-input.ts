import { equalizeHistogram, removePlane, standardize } from '@deadpan/vision';
import { cropSide } from './augment-face.js';

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

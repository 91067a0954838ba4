import { CROP_SIZE, type RgbImage } from '@deadpan/shared/contracts';

import { samplePatch } from './patch.js';
import { fitSimilarity, invertSimilarity, type Similarity } from './similarity-transform.js';

/**
 * The landmarks that align a face, of the 68 in iBUG order: all but the jaw (0-16) and the inner corners of the mouth
 * (60, 64), so 49.
 */
export const ALIGNING_LANDMARKS: readonly number[] = [
  ...Array.from({ length: 43 }, (_, i) => 17 + i),
  ...[61, 62, 63, 65, 66, 67],
];

/**
 * Where the {@link ALIGNING_LANDMARKS} of an average face lie in the aligned crop: x0, y0, x1, y1, ... The centres of
 * the eyes have y = 20, the middle of the mouth y = 44, and the axis of symmetry x = 32. The Procrustes mean of what
 * face-api's landmark network finds on 3,902 faces of LFW, made symmetrical.
 */
// prettier-ignore
export const FACE_TEMPLATE: readonly number[] = [
  12.55, 14.62, 15.49, 12.61, 19.30, 12.10, 22.76, 12.52,
  25.80, 13.47, 38.20, 13.47, 41.24, 12.52, 44.70, 12.10,
  48.51, 12.61, 51.45, 14.62, 32.00, 20.91, 32.00, 25.48,
  32.00, 29.80, 32.00, 33.64, 27.97, 35.87, 29.77, 36.49,
  32.00, 36.98, 34.23, 36.49, 36.03, 35.87, 17.23, 19.75,
  19.51, 18.83, 22.58, 18.80, 25.43, 20.33, 22.90, 21.13,
  19.64, 21.16, 38.57, 20.33, 41.42, 18.80, 44.49, 18.83,
  46.77, 19.75, 44.36, 21.16, 41.10, 21.13, 23.60, 43.36,
  26.64, 42.39, 30.21, 41.36, 32.00, 41.79, 33.79, 41.36,
  37.36, 42.39, 40.40, 43.36, 37.60, 45.60, 34.78, 46.81,
  32.00, 47.17, 29.22, 46.81, 26.40, 45.60, 29.40, 43.27,
  32.00, 43.28, 34.60, 43.27, 34.58, 44.26, 32.00, 44.42,
  29.42, 44.26,
];

/**
 * The similarity that takes a picture's pixels to those of the aligned crop.
 * @param landmarks 68 landmarks, x0, y0, x1, y1, ... in pixels of the picture
 */
export function alignmentOf(landmarks: ArrayLike<number>): Similarity {
  const points = new Float32Array(ALIGNING_LANDMARKS.length * 2);
  for (const [i, landmark] of ALIGNING_LANDMARKS.entries()) {
    points[2 * i] = landmarks[2 * landmark] ?? 0;
    points[2 * i + 1] = landmarks[2 * landmark + 1] ?? 0;
  }
  return fitSimilarity(points, FACE_TEMPLATE);
}

/**
 * The aligned face: gray bytes, rows from the top, CROP_SIZE + 2 `margin` pixels a side, with the aligned crop in the
 * middle.
 * @param landmarks 68 landmarks in pixels of the picture
 */
export function alignedCrop(image: RgbImage, landmarks: ArrayLike<number>, margin = 0): Uint8Array {
  const size = CROP_SIZE + 2 * margin;
  const { a, b, tx, ty } = alignmentOf(landmarks);
  const toImage = invertSimilarity({ a, b, tx: tx + margin, ty: ty + margin });
  const values = new Float32Array(size * size);
  samplePatch(image, toImage, size, values, { channels: 1, edge: 'replicate' });
  const gray = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) gray[i] = Math.round(values[i] ?? 0);
  return gray;
}

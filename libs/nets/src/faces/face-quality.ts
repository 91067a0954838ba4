import { CROP_SIZE, type Pose } from '@deadpan/shared/contracts';
import { laplacianVariance } from '@deadpan/vision';

/** Scale of the face, in pixels of the picture per pixel of the crop, that loses no detail. */
const FULL_SCALE = 1;
/** Angles in degrees at which half of the quality is lost. */
const HALF_YAW = 35;
const HALF_PITCH = 30;
/** Share of the Laplacian in a crop's contrast at which half of the quality is lost. */
const HALF_SHARPNESS = 0.02;

/**
 * How much a face tells, 0 (useless) .. 1 (frontal, large, sharp): the product of a term for each, so that one bad
 * thing is enough.
 * @param crop the aligned face
 * @param scale pixels of the picture per pixel of the crop
 */
export function faceQuality(crop: Uint8Array, pose: Pose, scale: number): number {
  const size = Math.min(1, scale / FULL_SCALE);
  const frontal = 1 / (1 + (pose.yaw / HALF_YAW) ** 2) / (1 + (pose.pitch / HALF_PITCH) ** 2);
  // Relative to the contrast, so that a dark or flat picture is not taken for a blurred one.
  const sharpness = laplacianVariance(crop, CROP_SIZE, CROP_SIZE) / Math.max(1, variance(crop));
  return size * frontal * (sharpness / (sharpness + HALF_SHARPNESS));
}

function variance(values: Uint8Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}

import type { Box, Pose, RgbImage } from '@deadpan/shared';
import { alignedCrop, alignmentOf, headPose, scaleOf } from '@deadpan/vision';
import { faceQuality } from './face-quality.js';
import { boxOfLandmarks } from './face-region.js';

/** All that a picture and its landmarks say of a face; in pixels of the picture. */
export interface DescribedFace {
  readonly box: Box;
  /** 68 landmarks, x0, y0, x1, y1, ... */
  readonly landmarks: Float32Array;
  readonly pose: Pose;
  /** 0 (useless) .. 1 (frontal, large, sharp). */
  readonly quality: number;
  /** The aligned face: CROP_SIZE x CROP_SIZE gray bytes. */
  readonly crop: Uint8Array;
}

/** Aligns and measures a face whose landmarks are known. */
export function describeFace(image: RgbImage, landmarks: Float32Array): DescribedFace {
  const crop = alignedCrop(image, landmarks);
  const pose = headPose(landmarks);
  const scale = 1 / scaleOf(alignmentOf(landmarks));
  return { box: boxOfLandmarks(landmarks), landmarks, pose, quality: faceQuality(crop, pose, scale), crop };
}

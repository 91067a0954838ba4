import {
  buildLandmarkNet,
  createLandmarker,
  LANDMARK_INPUT_SIZE,
  regionOfLandmarks,
  task,
  type OpenSession,
  type TaskRun,
} from '@deadpan/nets';
import type { Pose, RgbImage } from '@deadpan/shared';
import { alignedCrop, headPose, squareToImage } from '@deadpan/vision';
import { canvasOffset } from './face-cache.js';

/** A picture with one face, and the square in it that holds the face. */
export interface AlignPayload {
  readonly image: RgbImage;
  readonly square: { readonly x: number; readonly y: number; readonly side: number };
}

/** The face of a picture. */
export interface PlacedFace {
  /** Aligned, with its surroundings. */
  readonly canvas: Uint8Array;
  /** Of the head in the picture, before it was aligned. */
  readonly pose: Pose;
}

/**
 * Loads the landmark network in a worker. Landmarks are placed as at run time: on the square, then once more on the
 * upright square that follows from them; then the face is aligned with its surroundings.
 */
export async function createCanvasRun(
  _options: null,
  open: OpenSession,
): Promise<TaskRun<AlignPayload, PlacedFace>> {
  const placeLandmarks = await createLandmarker(buildLandmarkNet(), open);
  return async ({ image, square }) => {
    const { x, y, side } = square;
    const [first] = await placeLandmarks(image, [
      squareToImage(x + side / 2, y + side / 2, side, 0, LANDMARK_INPUT_SIZE),
    ]);
    const [landmarks] = first
      ? await placeLandmarks(image, [regionOfLandmarks(first, LANDMARK_INPUT_SIZE)])
      : [];
    if (!landmarks) throw new Error('the landmark network placed nothing');
    const canvas = alignedCrop(image, landmarks, canvasOffset);
    return { result: { canvas, pose: headPose(landmarks) } };
  };
}

/** The task. */
export function canvasTask() {
  return task(import.meta.url, createCanvasRun, null);
}

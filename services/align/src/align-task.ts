import type { RgbImage } from '@deadpan/shared';
import {
  boxOfLandmarks,
  createFaceDetector,
  createFaceVerifier,
  createLandmarker,
  describeFace,
  LANDMARK_INPUT_SIZE,
  regionOfBox,
  regionOfLandmarks,
  task,
  type DescribedFace,
  type Detection,
  type OpenSession,
  type TaskRun,
} from '@deadpan/nets';
import { boxIou, correlation } from '@deadpan/vision';

/** A face of the frame before, where it is expected now; in pixels of the picture. */
export interface FollowedFace {
  readonly track: number;
  readonly landmarks: Float32Array;
  /** Its aligned crop then. */
  readonly crop: Uint8Array;
}

/** One frame to look at. */
export interface AlignPayload {
  readonly image: RgbImage;
  readonly followed: readonly FollowedFace[];
  /** Whether to search the whole frame in any case; it is also searched when a followed face is lost. */
  readonly search: boolean;
  readonly detectionSize: number;
  readonly mostFaces: number;
}

/** A face in the frame; in pixels of the picture. */
export interface FoundFace extends DescribedFace {
  /** The track that it was followed from; null for one that the detector found. */
  readonly track: number | null;
  /** How sure the tiny detector is that this is a face, 0..1. */
  readonly verified: number;
  /** How sure the detector that searched the frame is; null where it did not, 0 where it found nothing there. */
  readonly detected: number | null;
}

/** What a frame holds. */
export interface AlignResult {
  readonly faces: readonly FoundFace[];
  /** Whether the whole frame was searched. */
  readonly searched: boolean;
}

/** Score of the tiny detector from which on a followed face is one without further evidence. */
const VERIFIED = 0.3;
/** Correlation of its crop with the one before from which on it is still the same face, verified or not. */
const ALIKE = 0.8;
/** Scores of the searching detector under which a box is not looked at. */
const LEAST_SCORE = 0.3;
/** Overlap from which on two boxes are of one face. */
const SAME_FACE = 0.4;

/** Makes the task ready in a worker: loads both detectors and the landmark network. */
export async function createAlignRun(
  _options: null,
  open: OpenSession,
): Promise<TaskRun<AlignPayload, AlignResult>> {
  const detect = await createFaceDetector('ssd', open);
  const placeLandmarks = await createLandmarker(open);
  const verify = await createFaceVerifier(open);

  /** Places landmarks on each followed face again and keeps those that are still faces. */
  async function follow(image: RgbImage, followed: readonly FollowedFace[]): Promise<FoundFace[]> {
    const squares = followed.map(({ landmarks }) => regionOfLandmarks(landmarks, LANDMARK_INPUT_SIZE));
    const placed = await placeLandmarks(image, squares);
    const scores = await verify(image, placed);
    const kept: FoundFace[] = [];
    for (const [i, { track, crop }] of followed.entries()) {
      const landmarks = placed[i];
      if (landmarks === undefined) continue;
      const face = { ...describeFace(image, landmarks), track, verified: scores[i] ?? 0, detected: null };
      const isFace = face.verified >= VERIFIED || correlation(face.crop, crop) >= ALIKE;
      // Where a face covers another one, both squares may end on the nearer face: the older track keeps it.
      if (isFace && kept.every((other) => boxIou(other.box, face.box) < SAME_FACE)) kept.push(face);
    }
    return kept;
  }

  /** Places landmarks on boxes of the detector: once on the box, then on the upright square that follows from them. */
  async function align(image: RgbImage, boxes: readonly Detection[]): Promise<FoundFace[]> {
    const first = await placeLandmarks(
      image,
      boxes.map(({ box }) => regionOfBox(box, LANDMARK_INPUT_SIZE)),
    );
    const placed = await placeLandmarks(
      image,
      first.map((landmarks) => regionOfLandmarks(landmarks, LANDMARK_INPUT_SIZE)),
    );
    const scores = await verify(image, placed);
    return placed.map((landmarks, i) => ({
      ...describeFace(image, landmarks),
      track: null,
      verified: scores[i] ?? 0,
      detected: boxes[i]?.score ?? 0,
    }));
  }

  return async function alignFrame({ image, followed, search, detectionSize, mostFaces }) {
    const kept = await follow(image, followed);
    if (!search && kept.length === followed.length) {
      return { result: { faces: kept, searched: false } };
    }
    const boxes = await detect(image, { longSide: detectionSize, limit: LEAST_SCORE });
    const known = kept.map((face) => ({ ...face, detected: bestScore(face, boxes) }));
    const fresh = boxes.filter(({ box }) => known.every((face) => boxIou(face.box, box) < SAME_FACE));
    const found = await align(image, fresh.slice(0, Math.max(0, mostFaces - known.length)));
    return { result: { faces: [...known, ...found], searched: true } };
  };
}

/** The task. */
export function alignTask() {
  return task(import.meta.url, createAlignRun, null);
}

function bestScore(face: FoundFace, boxes: readonly Detection[]): number {
  const own = boxOfLandmarks(face.landmarks);
  return boxes.find(({ box }) => boxIou(own, box) >= SAME_FACE)?.score ?? 0;
}

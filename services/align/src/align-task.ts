import type { RgbImage } from '@deadpan/shared';
import {
  createFaceVerifier,
  createLandmarker,
  createSsdDetector,
  describeFace,
  faceNetworks,
  LANDMARK_INPUT_SIZE,
  regionOfBox,
  regionOfLandmarks,
  task,
  type DescribedFace,
  type Detection,
  type FaceNetworks,
  type OpenSession,
  type Task,
  type TaskRun,
} from '@deadpan/nets/worker';
import { boxIou, correlation, isCut, sceneOf, type Scene } from '@deadpan/vision';

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
  /** The frame before in small, to know a cut by; null for the first. */
  readonly scene: Scene | null;
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
  /** Whether the scene changed since the frame before: then a face in the same place may be another person. */
  readonly cut: boolean;
  /** This frame in small. */
  readonly scene: Scene;
}

/** Score of the tiny detector from which on a followed face is one without further evidence. */
const VERIFIED = 0.3;
/** Correlation of its crop with the one before from which on it is still the same face, verified or not. */
const ALIKE = 0.8;
/** After a cut a face must be this much like the one before to be the same. */
const SAME_PERSON = 0.6;
/** Scores of the searching detector under which a box is not looked at. */
const LEAST_SCORE = 0.3;
/** Overlap from which on two boxes are of one face. */
const SAME_FACE = 0.4;
/** Overlap from which on a followed face has slipped off the box of a search. */
const SLIPPED = 0.1;

/** Makes the task ready in a worker: loads both detectors and the landmark network. */
export async function createAlignRun(
  { ssd, tiny, landmarks }: FaceNetworks,
  open: OpenSession,
): Promise<TaskRun<AlignPayload, AlignResult>> {
  const detect = await createSsdDetector(ssd, open);
  const placeLandmarks = await createLandmarker(landmarks, open);
  const verify = await createFaceVerifier(tiny, open);

  /** Places landmarks on each followed face again and keeps those that are still faces. */
  async function follow(
    image: RgbImage,
    followed: readonly FollowedFace[],
    cut: boolean,
  ): Promise<FoundFace[]> {
    const squares = followed.map(({ landmarks }) => regionOfLandmarks(landmarks, LANDMARK_INPUT_SIZE));
    const placed = await placeLandmarks(image, squares);
    const scores = await verify(image, placed);
    const kept: FoundFace[] = [];
    for (const [i, { track, crop }] of followed.entries()) {
      const landmarks = placed[i];
      if (landmarks === undefined) continue;
      const face = { ...describeFace(image, landmarks), track, verified: scores[i] ?? 0, detected: null };
      const alike = correlation(face.crop, crop);
      const isFace = face.verified >= VERIFIED || alike >= ALIKE;
      const isSame = !cut || alike >= SAME_PERSON;
      // Where a face covers another one, both squares may end on the nearer face: the older track keeps it.
      if (isFace && isSame && kept.every((other) => boxIou(other.box, face.box) < SAME_FACE)) kept.push(face);
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

  return async function alignFrame({ image, scene: before, followed, search, detectionSize, mostFaces }) {
    const scene = sceneOf(image);
    const cut = before !== null && isCut(before, scene);
    const kept = await follow(image, followed, cut);
    if (!search && !cut && kept.length === followed.length) {
      return { result: { faces: kept, searched: false, cut, scene } };
    }
    const boxes = await detect(image, { longSide: detectionSize, limit: LEAST_SCORE });
    const { confirmed, moved, fresh } = compare(kept, boxes);
    const looked = [...moved.map(({ box }) => box), ...fresh].slice(
      0,
      Math.max(0, mostFaces - confirmed.length),
    );
    const found = await align(image, looked);
    const known = found.map((face, i) => ({ ...face, track: moved[i]?.track ?? null }));
    return { result: { faces: [...confirmed, ...known], searched: true, cut, scene } };
  };
}

let made: Task<AlignPayload, AlignResult> | undefined;

/** The task. One for the whole process, so that a worker loads its networks once, however many cameras or files. */
export function alignTask(): Task<AlignPayload, AlignResult> {
  return (made ??= task(import.meta.url, createAlignRun, faceNetworks()));
}

/**
 * Holds the followed faces against the boxes of a search: those that lie where a box is or where none is near stay as
 * they are; one that overlaps a box but not enough has slipped, and moves there; the boxes that are left are new.
 */
function compare(kept: readonly FoundFace[], boxes: readonly Detection[]) {
  const left = new Set(boxes);
  const take = (face: FoundFace, leastIou: number): Detection | undefined => {
    const box = boxes.find((candidate) => left.has(candidate) && boxIou(face.box, candidate.box) >= leastIou);
    if (box !== undefined) left.delete(box);
    return box;
  };
  const own = kept.map((face) => ({ face, box: take(face, SAME_FACE) }));
  const confirmed: FoundFace[] = [];
  const moved: { readonly track: number | null; readonly box: Detection }[] = [];
  for (const { face, box } of own) {
    const near = box === undefined ? take(face, SLIPPED) : undefined;
    if (near === undefined) confirmed.push({ ...face, detected: box?.score ?? 0 });
    else moved.push({ track: face.track, box: near });
  }
  const fresh = [...left].filter(({ box }) => confirmed.every((face) => boxIou(face.box, box) < SAME_FACE));
  return { confirmed, moved, fresh };
}

import type { RgbImage } from '@deadpan/shared';
import { boxIou, squareToImage, type Similarity } from '@deadpan/vision';
import { LANDMARK_INPUT_SIZE } from '../face-api/index.js';
import { task, type OpenSession, type Task, type TaskRun } from '../sessions/index.js';
import { describeFace, type DescribedFace } from './described-face.js';
import { createSsdDetector, createTinyDetector, type FaceDetector } from './face-detector.js';
import { faceNetworks, type FaceNetworks } from './face-networks.js';
import { regionOfBox, regionOfLandmarks } from './face-region.js';
import { createFaceVerifier } from './face-verifier.js';
import { createLandmarker } from './landmarker.js';

/** A picture that is not part of a video. */
export interface StillPayload {
  readonly image: RgbImage;
  /**
   * Whether to take the whole picture for a face where no detector finds one: for pictures that are known to be faces,
   * cropped so tightly that detectors fail. Off, such a picture has no face.
   */
  readonly wholePicture: boolean;
}

/** A face in a still picture. */
export interface StillFace extends DescribedFace {
  /** The surest detector's confidence, 0..1; 0 where the whole picture was taken for a face. */
  readonly detection: number;
}

/** A search of the whole picture: with which detector, at which size, within how much black. */
interface Search {
  readonly detector: 'ssd' | 'tiny';
  readonly longSide: number;
  readonly border: number;
}

/** The detectors know faces of some sizes only, so each picture is searched for small and for large ones. */
const SEARCHES: readonly Search[] = [
  { detector: 'ssd', longSide: 512, border: 0 },
  { detector: 'ssd', longSide: 192, border: 0 },
];
/** Where they find nothing: for faces that fill the picture or are cut by its edge. */
const MORE_SEARCHES: readonly Search[] = [
  { detector: 'tiny', longSide: 160, border: 0.25 },
  { detector: 'tiny', longSide: 96, border: 0.25 },
  { detector: 'ssd', longSide: 128, border: 0.25 },
];
/** A box of at least this score is looked at; it is a face if one detector is certain or two agree. */
const LEAST_SCORE = 0.4;
const LEAST_VERIFIED = 0.2;
const CERTAIN = 0.9;
const SAME_FACE = 0.4;

/** Makes the task ready in a worker. Gives the faces of a picture, the largest first. */
export async function createStillRun(
  { ssd, tiny, landmarks }: FaceNetworks,
  open: OpenSession,
): Promise<TaskRun<StillPayload, readonly StillFace[]>> {
  const detectors: Record<Search['detector'], FaceDetector> = {
    ssd: await createSsdDetector(ssd, open),
    tiny: await createTinyDetector(tiny, open),
  };
  const placeLandmarks = await createLandmarker(landmarks, open);
  const verify = await createFaceVerifier(tiny, open);

  /** Landmarks on first guesses, and again on the upright squares that follow from them. */
  async function align(image: RgbImage, squares: readonly Similarity[]): Promise<Float32Array[]> {
    const first = await placeLandmarks(image, squares);
    return placeLandmarks(
      image,
      first.map((landmarks) => regionOfLandmarks(landmarks, LANDMARK_INPUT_SIZE)),
    );
  }

  async function search(image: RgbImage, { detector, longSide, border }: Search): Promise<StillFace[]> {
    const boxes = await detectors[detector](image, { longSide, border, limit: LEAST_SCORE });
    const placed = await align(
      image,
      boxes.map(({ box }) => regionOfBox(box, LANDMARK_INPUT_SIZE)),
    );
    const verified = await verify(image, placed);
    return placed.flatMap((landmarks, i) => {
      const score = boxes[i]?.score ?? 0;
      const again = verified[i] ?? 0;
      if (again < LEAST_VERIFIED && score < CERTAIN) return [];
      return [{ ...describeFace(image, landmarks), detection: Math.max(score, again) }];
    });
  }

  async function searchAll(image: RgbImage, searches: readonly Search[]): Promise<StillFace[]> {
    const found: StillFace[] = [];
    for (const one of searches) found.push(...(await search(image, one)));
    const kept: StillFace[] = [];
    for (const face of found.sort((a, b) => b.detection - a.detection)) {
      if (kept.every((better) => boxIou(better.box, face.box) < SAME_FACE)) kept.push(face);
    }
    return kept;
  }

  return async function findStillFaces({ image, wholePicture }) {
    let faces = await searchAll(image, SEARCHES);
    if (faces.length === 0) faces = await searchAll(image, MORE_SEARCHES);
    if (faces.length === 0 && wholePicture) {
      const { width, height } = image;
      const square = squareToImage(width / 2, height / 2, Math.max(width, height), 0, LANDMARK_INPUT_SIZE);
      faces = (await align(image, [square])).map((landmarks) => ({
        ...describeFace(image, landmarks),
        detection: 0,
      }));
    }
    const area = ({ box }: StillFace) => box.width * box.height;
    return { result: faces.sort((a, b) => area(b) - area(a)) };
  };
}

let made: Task<StillPayload, readonly StillFace[]> | undefined;

/** The task: {@link createStillRun} for any pool. One for the whole process, so that a worker loads its networks once. */
export function stillFacesTask(): Task<StillPayload, readonly StillFace[]> {
  return (made ??= task(import.meta.url, createStillRun, faceNetworks()));
}

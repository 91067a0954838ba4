import type { RgbImage } from '@deadpan/shared';
import { boxIou, samplePatch, type Similarity } from '@deadpan/vision';
import { decodeTiny, TINY_STEP } from '../face-api/index.js';
import { createReusedFloats, floatOutput, type OpenSession } from '../sessions/index.js';
import { regionOfLandmarks } from './face-region.js';

/** How sure the tiny detector is, 0..1, that there is a face where each set of landmarks says so. */
export type FaceVerifier = (image: RgbImage, faces: readonly Float32Array[]) => Promise<number[]>;

/** Side of the patch that it looks at in pixels, and how much larger it is than the square of the landmarks. */
const SIZE = 96;
const REACH = 1.5;
/** The tiny detector's box in such a patch (the median on LFW and the London set), and how much of it to find again. */
const FACE = { x: 14, y: 23, width: 68, height: 58 };
const LEAST_IOU = 0.4;

/**
 * Loads the tiny detector to look again at faces that are followed: on the upright patch around a face it costs half a
 * millisecond. 98 % of 111 faces got 0.64 or more, 98 % of 443 other places 0.02 or less. For a worker.
 */
export async function createFaceVerifier(model: Uint8Array, open: OpenSession): Promise<FaceVerifier> {
  const session = await open(model);
  const floats = createReusedFloats();
  const cells = SIZE / TINY_STEP;
  return async function verifyFaces(image, faces) {
    if (faces.length === 0) return [];
    const length = 3 * SIZE * SIZE;
    const data = floats(faces.length * length);
    const patches: Similarity[] = faces.map((landmarks) => regionOfLandmarks(landmarks, SIZE, REACH));
    for (const [i, patch] of patches.entries()) {
      // A coarse look is enough.
      samplePatch(image, patch, SIZE, data, {
        channels: 3,
        edge: 'black',
        offset: i * length,
        mostSamples: 1,
      });
    }
    const outputs = await session.run({ image: { dims: [faces.length, 3, SIZE, SIZE], data } });
    const found = floatOutput(outputs, 'cells').data;
    const perFace = found.length / faces.length;
    return faces.map((_, i) => {
      const boxes = decodeTiny(found.subarray(i * perFace, (i + 1) * perFace), cells, cells, 0);
      return boxes.find(({ box }) => boxIou(box, FACE) >= LEAST_IOU)?.score ?? 0;
    });
  };
}

import type { RgbImage } from '@deadpan/shared';
import { applySimilarity, samplePatch, type Similarity } from '@deadpan/vision';
import { LANDMARK_INPUT_SIZE, LANDMARKS } from '../face-api/index.js';
import { createReusedFloats, floatOutput, type OpenSession } from '../sessions/index.js';

/**
 * Places 68 landmarks (iBUG order) on each square of a picture, all in one batch: x0, y0, x1, y1, ... in pixels of the
 * picture. A square is a similarity from a patch of LANDMARK_INPUT_SIZE pixels to the picture.
 */
export type Landmarker = (image: RgbImage, squares: readonly Similarity[]) => Promise<Float32Array[]>;

/**
 * Loads a landmark network. For a worker.
 * @param model face-api's, as buildLandmarkNet makes it
 */
export async function createLandmarker(model: Uint8Array, open: OpenSession): Promise<Landmarker> {
  const session = await open(model);
  const floats = createReusedFloats();
  const size = LANDMARK_INPUT_SIZE;
  const numbers = LANDMARKS * 2;
  return async function placeLandmarks(image, squares) {
    if (squares.length === 0) return [];
    const data = floats(squares.length * 3 * size * size);
    for (const [i, square] of squares.entries()) {
      const offset = i * 3 * size * size;
      samplePatch(image, square, size, data, { channels: 3, edge: 'replicate', offset, mostSamples: 2 });
    }
    const outputs = await session.run({ image: { dims: [squares.length, 3, size, size], data } });
    const placed = floatOutput(outputs, 'landmarks').data;
    return squares.map((square, i) => {
      const fractions = placed.subarray(i * numbers, (i + 1) * numbers);
      return applySimilarity(
        square,
        fractions.map((value) => value * size),
      );
    });
  };
}

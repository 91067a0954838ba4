import type { RgbImage } from '@deadpan/shared';

import { alignFloats, KERNEL_SCRATCH, kernelMemory, kernels } from './kernels.js';
import { scaleOf, type Similarity } from './similarity-transform.js';

/** What lies beyond the picture's edge: black, or its outermost pixels again. */
export type Edge = 'black' | 'replicate';

/** Options of {@link samplePatch}. */
export interface PatchOptions {
  /** 3: red, green and blue planes; 1: their luma (0.299, 0.587, 0.114). */
  readonly channels: 1 | 3;
  readonly edge: Edge;
  /** Where in `planes` the patch begins. */
  readonly offset?: number;
  /**
   * Samples per pixel and axis at most, 3 by default: a patch that shrinks the picture more than that aliases. The time
   * grows with their square.
   */
  readonly mostSamples?: number;
}

/**
 * Resamples a picture bilinearly through a similarity from patch to picture, as planes of floats 0..255 (a [channels,
 * size, size] tensor). Coordinates are continuous: pixel i covers i..i+1, and places between two pixels are told apart
 * to 1/256. Where the patch shrinks the picture, each of its pixels is the mean of several samples.
 */
export function samplePatch(
  image: RgbImage,
  toImage: Similarity,
  size: number,
  planes: Float32Array,
  options: PatchOptions,
): void {
  const { channels, edge, offset = 0, mostSamples = 3 } = options;
  const { data, width, height } = image;
  const { a, b, tx, ty } = toImage;
  const samples = Math.min(mostSamples, Math.max(1, Math.round(scaleOf(toImage))));
  const { first, end } = rowsOf(toImage, size, height);
  const stride = 3 * width;
  const length = channels * size * size;
  // The kernel reads a row and a few bytes further than the rows go.
  const planesAt = alignFloats(KERNEL_SCRATCH + (end - first + 1) * stride + 8);
  const memory = kernelMemory(planesAt + 4 * length);
  new Uint8Array(memory, KERNEL_SCRATCH).set(data.subarray(first * stride, end * stride));
  kernels.samplePatch(
    KERNEL_SCRATCH - first * stride,
    stride,
    width,
    height,
    a,
    b,
    tx,
    ty,
    size,
    samples,
    channels,
    edge === 'black',
    planesAt,
  );
  planes.set(new Float32Array(memory, planesAt, length), offset);
}

/** The rows of a picture that a patch may touch: from `first` to before `end`. */
function rowsOf({ a, b, ty }: Similarity, size: number, height: number): { first: number; end: number } {
  const corners = [ty, ty + b * size, ty + a * size, ty + (a + b) * size];
  const top = Math.floor(Math.min(...corners)) - 1;
  const bottom = Math.ceil(Math.max(...corners)) + 1;
  // A transform without a place in the picture has none to leave out.
  if (!Number.isFinite(bottom - top)) return { first: 0, end: height };
  return {
    first: Math.min(Math.max(top, 0), height - 1),
    end: Math.min(Math.max(bottom + 1, 1), height),
  };
}

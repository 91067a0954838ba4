import type { RgbImage } from '@deadpan/shared';

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

/** Places between two pixels are told apart to 1 / 2^BITS: whole numbers are added up in half the time of floats. */
const BITS = 8;
const STEPS = 1 << BITS;

/**
 * Resamples a picture bilinearly through a similarity from patch to picture, as planes of floats 0..255 (a [channels,
 * size, size] tensor). Coordinates are continuous: pixel i covers i..i+1. Where the patch shrinks the picture, each
 * of its pixels is the mean of several samples.
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
  const black = edge === 'black';
  const [lastX, lastY] = [width - 1, height - 1];
  const samples = Math.min(mostSamples, Math.max(1, Math.round(scaleOf(toImage))));
  const step = 1 / samples;
  const [stepX, stepY] = [a * step, b * step];
  const share = (step * step) / (STEPS * STEPS);
  const plane = size * size;
  let out = offset;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1, out += 1) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < samples; j += 1) {
        const u = column + 0.5 * step;
        const v = row + (j + 0.5) * step;
        let x = a * u - b * v + tx - 0.5;
        let y = b * u + a * v + ty - 0.5;
        for (let i = 0; i < samples; i += 1, x += stepX, y += stepY) {
          if (black && (x < -0.5 || y < -0.5 || x > lastX + 0.5 || y > lastY + 0.5)) continue;
          const insideX = x < 0 ? 0 : x > lastX ? lastX : x;
          const insideY = y < 0 ? 0 : y > lastY ? lastY : y;
          // From here on whole numbers of 32 bits, in operators that keep them so.
          const placeX = (insideX * STEPS + 0.5) | 0;
          const placeY = (insideY * STEPS + 0.5) | 0;
          const left = placeX >> BITS;
          const top = placeY >> BITS;
          const p = placeX & (STEPS - 1);
          const q = placeY & (STEPS - 1);
          const at = Math.imul(Math.imul(top, width) + left, 3);
          const right = left < lastX ? at + 3 : at;
          const below = top < lastY ? width * 3 : 0;
          const w3 = Math.imul(p, q);
          const w2 = (q << BITS) - w3;
          const w1 = (p << BITS) - w3;
          const w0 = (1 << (2 * BITS)) - w1 - w2 - w3;
          red += sum(data, at, right, below, w0, w1, w2, w3);
          green += sum(data, at + 1, right + 1, below, w0, w1, w2, w3);
          blue += sum(data, at + 2, right + 2, below, w0, w1, w2, w3);
        }
      }
      if (channels === 1) {
        planes[out] = (0.299 * red + 0.587 * green + 0.114 * blue) * share;
      } else {
        planes[out] = red * share;
        planes[out + plane] = green * share;
        planes[out + 2 * plane] = blue * share;
      }
    }
  }
}

/** Four neighbours, weighted. */
function sum(
  data: Uint8Array,
  at: number,
  right: number,
  below: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  return (
    (Math.imul(w0, data[at] ?? 0) +
      Math.imul(w1, data[right] ?? 0) +
      Math.imul(w2, data[at + below] ?? 0) +
      Math.imul(w3, data[right + below] ?? 0)) |
    0
  );
}

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
  const samples = Math.min(mostSamples, Math.max(1, Math.round(scaleOf(toImage))));
  const count = samples * samples;
  const share = 1 / count;
  const across = Float64Array.from({ length: count }, (_, i) => ((i % samples) + 0.5) / samples);
  const down = Float64Array.from({ length: count }, (_, i) => (Math.floor(i / samples) + 0.5) / samples);
  const plane = size * size;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      let [red, green, blue] = [0, 0, 0];
      for (let sample = 0; sample < count; sample += 1) {
        const u = column + (across[sample] ?? 0);
        const v = row + (down[sample] ?? 0);
        let x = a * u - b * v + tx - 0.5;
        let y = b * u + a * v + ty - 0.5;
        if (black && (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5)) continue;
        x = x < 0 ? 0 : x > width - 1 ? width - 1 : x;
        y = y < 0 ? 0 : y > height - 1 ? height - 1 : y;
        const left = Math.trunc(x);
        const top = Math.trunc(y);
        const p = x - left;
        const q = y - top;
        const at = (top * width + left) * 3;
        const right = left + 1 < width ? 3 : 0;
        const below = top + 1 < height ? width * 3 : 0;
        const w0 = (1 - p) * (1 - q);
        const w1 = p * (1 - q);
        const w2 = (1 - p) * q;
        const w3 = p * q;
        red += w0 * (data[at] ?? 0) + w1 * (data[at + right] ?? 0);
        red += w2 * (data[at + below] ?? 0) + w3 * (data[at + below + right] ?? 0);
        green += w0 * (data[at + 1] ?? 0) + w1 * (data[at + right + 1] ?? 0);
        green += w2 * (data[at + below + 1] ?? 0) + w3 * (data[at + below + right + 1] ?? 0);
        blue += w0 * (data[at + 2] ?? 0) + w1 * (data[at + right + 2] ?? 0);
        blue += w2 * (data[at + below + 2] ?? 0) + w3 * (data[at + below + right + 2] ?? 0);
      }
      const out = offset + row * size + column;
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

import type { Box, RgbImage } from '@deadpan/shared';

/** Where the samples of a resized picture lie: on the pixels' corners (TensorFlow 1's resize) or centres. */
export type SampleGrid = 'corner' | 'centre';

/**
 * Resamples a region of a picture bilinearly to `width` x `height`, as three planes of floats 0..255 (a [3, height,
 * width] tensor) in `planes` from `offset`. The region may reach beyond the picture: there it is black.
 * No smoothing: to shrink a lot, shrink in steps.
 */
export function sampleRegion(
  image: RgbImage,
  region: Box,
  width: number,
  height: number,
  planes: Float32Array,
  options: { readonly offset?: number; readonly grid?: SampleGrid } = {},
): void {
  const { offset = 0, grid = 'centre' } = options;
  const { data } = image;
  const columns = sampleAxis(region.x, region.width, width, image.width, grid, 3);
  const rows = sampleAxis(region.y, region.height, height, image.height, grid, image.width * 3);
  const plane = width * height;
  let out = offset;
  for (let y = 0; y < height; y += 1) {
    const top = rows.low[y] ?? -1;
    if (top < 0) {
      planes.fill(0, out, out + width);
      planes.fill(0, out + plane, out + plane + width);
      planes.fill(0, out + 2 * plane, out + 2 * plane + width);
      out += width;
      continue;
    }
    const bottom = rows.high[y] ?? top;
    const v = rows.weight[y] ?? 0;
    for (let x = 0; x < width; x += 1, out += 1) {
      const left = columns.low[x] ?? -1;
      if (left < 0) {
        planes[out] = planes[out + plane] = planes[out + 2 * plane] = 0;
        continue;
      }
      const right = columns.high[x] ?? left;
      const u = columns.weight[x] ?? 0;
      const [a, b, c, d] = [top + left, top + right, bottom + left, bottom + right];
      const wa = (1 - u) * (1 - v);
      const wb = u * (1 - v);
      const wc = (1 - u) * v;
      const wd = u * v;
      planes[out] = wa * (data[a] ?? 0) + wb * (data[b] ?? 0) + wc * (data[c] ?? 0) + wd * (data[d] ?? 0);
      planes[out + plane] =
        wa * (data[a + 1] ?? 0) + wb * (data[b + 1] ?? 0) + wc * (data[c + 1] ?? 0) + wd * (data[d + 1] ?? 0);
      planes[out + 2 * plane] =
        wa * (data[a + 2] ?? 0) + wb * (data[b + 2] ?? 0) + wc * (data[c + 2] ?? 0) + wd * (data[d + 2] ?? 0);
    }
  }
}

interface Axis {
  /** Offsets into the data of the two neighbours of each sample; -1 outside the picture. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Weight of the higher neighbour. */
  readonly weight: Float64Array;
}

function sampleAxis(
  start: number,
  length: number,
  samples: number,
  size: number,
  grid: SampleGrid,
  step: number,
): Axis {
  const low = new Int32Array(samples);
  const high = new Int32Array(samples);
  const weight = new Float64Array(samples);
  const scale = length / samples;
  const shift = grid === 'centre' ? scale / 2 - 0.5 : 0;
  for (let i = 0; i < samples; i += 1) {
    const position = start + i * scale + shift;
    // Half a pixel beyond the outermost centre still belongs to the outermost pixel.
    if (position < -0.5 || position >= size - (grid === 'centre' ? 0.5 : 0)) {
      low[i] = -1;
      continue;
    }
    const inside = Math.min(Math.max(position, 0), size - 1);
    const floor = Math.floor(inside);
    low[i] = floor * step;
    high[i] = Math.min(floor + 1, size - 1) * step;
    weight[i] = inside - floor;
  }
  return { low, high, weight };
}

import type { RgbImage } from '@deadpan/shared';

import { correlation } from './correlation.js';

/** A picture in small, to know a cut by. */
export interface Scene {
  /** The green of {@link WIDTH} x {@link HEIGHT} pixels on a regular grid. */
  readonly thumbnail: Uint8Array;
  /** How many pixels of the grid have each colour, of {@link LEVELS} a channel. */
  readonly histogram: Uint16Array;
}

const WIDTH = 64;
const HEIGHT = 36;
const LEVELS = 4;

/** Below both, a cut: correlation of the pixels, and the share of colours that both pictures have. */
const LEAST_CORRELATION = 0.5;
const LEAST_SHARED_COLOUR = 0.6;

/** What {@link isCut} compares. */
export function sceneOf({ width, height, data }: RgbImage): Scene {
  const thumbnail = new Uint8Array(WIDTH * HEIGHT);
  const histogram = new Uint16Array(LEVELS ** 3);
  const levelOf = (value: number) => Math.floor((value * LEVELS) / 256);
  for (let i = 0; i < thumbnail.length; i += 1) {
    const x = Math.floor((((i % WIDTH) + 0.5) * width) / WIDTH);
    const y = Math.floor(((Math.floor(i / WIDTH) + 0.5) * height) / HEIGHT);
    const at = (y * width + x) * 3;
    const [red = 0, green = 0, blue = 0] = [data[at], data[at + 1], data[at + 2]];
    thumbnail[i] = green;
    const colour = (levelOf(red) * LEVELS + levelOf(green)) * LEVELS + levelOf(blue);
    histogram[colour] = (histogram[colour] ?? 0) + 1;
  }
  return { thumbnail, histogram };
}

/**
 * Whether a cut lies between two pictures: the pixels do not match, as they would but for great movement, and neither do
 * the colours, which movement leaves as they are.
 */
export function isCut(before: Scene, after: Scene): boolean {
  if (correlation(before.thumbnail, after.thumbnail) >= LEAST_CORRELATION) return false;
  return sharedColour(before, after) < LEAST_SHARED_COLOUR;
}

/** Intersection of the histograms, 0..1. Source: Swain and Ballard, IJCV 7, 1991. */
function sharedColour(before: Scene, after: Scene): number {
  const shared = before.histogram.reduce(
    (sum, count, i) => sum + Math.min(count, after.histogram[i] ?? 0),
    0,
  );
  return shared / before.thumbnail.length;
}

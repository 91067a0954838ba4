import { uniform, type Random } from '../random.js';
import { normal } from '../random.js';
import { canvasOffset, canvasSide } from './face-cache.js';

/** Side of the crop that the expression network reads. */
export const cropSide = 60;

/** Where and how a crop is taken out of an aligned canvas. */
export interface Crop {
  /** Shift of the crop's centre from the face's, in pixels of the aligned face. */
  readonly x: number;
  readonly y: number;
  /** Over 1 shows less of the face, larger. */
  readonly scale: number;
  /** Radians, clockwise. */
  readonly rotation: number;
  readonly flip: boolean;
  /** What lies outside is not in the picture, as in tight crops: first and last column and row that are. */
  readonly frame: readonly [left: number, top: number, right: number, bottom: number];
  /** Grey level put outside the frame; undefined repeats the edge. */
  readonly outside: number | undefined;
}

/** One of the ten parts of the paper, and no other change. */
export interface TenCrops {
  readonly crops: 'ten';
}

/** How strongly faces are varied in training. */
export interface DrawnCrops {
  readonly crops?: undefined;
  /** Largest shift in pixels. */
  readonly shift: number;
  readonly scale: readonly [low: number, high: number];
  /** Largest rotation in degrees. */
  readonly rotation: number;
  /** Share of faces that are cut as a tight crop would. */
  readonly tight: number;
  /** Share of faces that are made coarser, and the smallest side they are brought to. */
  readonly coarse: readonly [share: number, side: number];
  /** Largest change of contrast, as a factor's logarithm. */
  readonly contrast: number;
  /** Largest deviation of the noise in grey levels. */
  readonly noise: number;
  /** Share of faces that have a rectangle erased. */
  readonly erase: number;
}

/** How faces are varied in training. */
export type Augmentation = TenCrops | DrawnCrops;

/** The plain crop of evaluation: the middle 60x60 of the aligned 64x64 face. */
export const centreCrop: Crop = {
  x: 0,
  y: 0,
  scale: 1,
  rotation: 0,
  flip: false,
  frame: [0, 0, canvasSide - 1, canvasSide - 1],
  outside: undefined,
};

/** Draws a crop. */
export function drawCrop(random: Random, options: DrawnCrops): Crop {
  const frame = [0, 0, canvasSide - 1, canvasSide - 1] as [number, number, number, number];
  let outside: number | undefined;
  if (random.next() < options.tight) {
    // A tight crop ends somewhere between the hair and the brow, at the cheeks, and around the chin.
    const near = canvasOffset - 6;
    const far = canvasOffset + 12;
    frame[0] = uniform(random, near, far);
    frame[1] = uniform(random, near, far);
    frame[2] = canvasSide - 1 - uniform(random, near, far);
    frame[3] = canvasSide - 1 - uniform(random, near, far);
    if (random.next() < 0.3) outside = random.next() < 0.6 ? 0 : uniform(random, 0, 255);
  }
  return {
    x: uniform(random, -options.shift, options.shift),
    y: uniform(random, -options.shift, options.shift),
    scale: uniform(random, ...options.scale),
    rotation: (uniform(random, -options.rotation, options.rotation) * Math.PI) / 180,
    flip: random.next() < 0.5,
    frame,
    outside,
  };
}

/**
 * Takes a square crop of `side` pixels that shows what the middle `span` pixels of an aligned face show, bilinear.
 * @param canvas the aligned face with its surroundings, `canvasSide` squared
 */
export function takeCrop(canvas: Uint8Array, crop: Crop, side = cropSide, span = cropSide): Float32Array {
  const out = new Float32Array(side * side);
  const step = span / side / crop.scale;
  const cosine = Math.cos(crop.rotation) * step;
  const sine = Math.sin(crop.rotation) * step;
  const middle = (canvasSide - 1) / 2;
  const half = (side - 1) / 2;
  const [left, top, right, bottom] = crop.frame;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const u = crop.flip ? half - column : column - half;
      const v = row - half;
      let x = middle + crop.x + cosine * u - sine * v;
      let y = middle + crop.y + sine * u + cosine * v;
      const inside = x >= left && x <= right && y >= top && y <= bottom;
      if (!inside && crop.outside !== undefined) {
        out[row * side + column] = crop.outside;
        continue;
      }
      x = Math.min(right, Math.max(left, x));
      y = Math.min(bottom, Math.max(top, y));
      const x0 = Math.min(canvasSide - 2, Math.floor(x));
      const y0 = Math.min(canvasSide - 2, Math.floor(y));
      const fx = x - x0;
      const fy = y - y0;
      const at = y0 * canvasSide + x0;
      const upper = (canvas[at] ?? 0) * (1 - fx) + (canvas[at + 1] ?? 0) * fx;
      const lower = (canvas[at + canvasSide] ?? 0) * (1 - fx) + (canvas[at + canvasSide + 1] ?? 0) * fx;
      out[row * side + column] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

/** Enlarges a square picture, bilinear, half-pixel centres. */
export function enlarge(pixels: Float32Array, from: number, to: number): Float32Array {
  const out = new Float32Array(to * to);
  const at = (x: number, y: number): number => pixels[y * from + x] ?? 0;
  for (let row = 0; row < to; row++) {
    const y = Math.min(from - 1, Math.max(0, ((row + 0.5) * from) / to - 0.5));
    const y0 = Math.min(from - 2, Math.floor(y));
    for (let column = 0; column < to; column++) {
      const x = Math.min(from - 1, Math.max(0, ((column + 0.5) * from) / to - 0.5));
      const x0 = Math.min(from - 2, Math.floor(x));
      const fx = x - x0;
      const fy = y - y0;
      out[row * to + column] =
        (at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx) * (1 - fy) +
        (at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx) * fy;
    }
  }
  return out;
}

/** Changes contrast, curve and noise of a picture of grey levels, in place. */
export function varyLight(pixels: Float32Array, random: Random, options: DrawnCrops): void {
  const contrast = Math.exp(uniform(random, -options.contrast, options.contrast));
  const gamma = Math.exp(uniform(random, -options.contrast, options.contrast));
  const brightness = uniform(random, -20, 20);
  const deviation = uniform(random, 0, options.noise);
  for (let i = 0; i < pixels.length; i++) {
    const curved = 255 * ((pixels[i] ?? 0) / 255) ** gamma;
    const noise = deviation > 0 ? deviation * normal(random) : 0;
    pixels[i] = Math.min(255, Math.max(0, (curved - 128) * contrast + 128 + brightness + noise));
  }
}

/** Puts noise of unit variance over a random rectangle of a standardised face, in place. */
export function eraseRectangle(values: Float32Array, side: number, random: Random): void {
  const width = Math.floor(uniform(random, 8, 24));
  const height = Math.floor(uniform(random, 8, 24));
  const left = Math.floor(random.next() * (side - width));
  const top = Math.floor(random.next() * (side - height));
  const level = uniform(random, -1, 1);
  for (let row = top; row < top + height; row++) {
    for (let column = left; column < left + width; column++)
      values[row * side + column] = level + 0.3 * uniform(random, -1, 1);
  }
}

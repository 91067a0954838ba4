/* Frames for the tests, cut out of the sample pictures that face-api ships. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Frame, RgbImage } from '@deadpan/shared';
import sharp from 'sharp';

const SAMPLES = join(
  createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'),
  '..',
  'demo',
);

/** A part of sample picture `number` (1 to 6, about 1920 x 1400 pixels) as a picture of `width` x `height`. */
export async function samplePicture(
  number: number,
  part: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  width = 320,
  height = 180,
): Promise<RgbImage> {
  const data = await sharp(join(SAMPLES, `sample${number}.jpg`))
    .extract(part)
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  return { width, height, data: shared };
}

/** A picture of the size of the others without anything in it but a slope of gray. */
export function emptyPicture(width = 320, height = 180): RgbImage {
  const data = new Uint8Array(width * height * 3).map((_, i) => 60 + Math.floor((i / 3) % width) / 4);
  return { width, height, data };
}

/** Pictures as the frames of a camera; `released` counts how often each was handed back. */
export function toFrames(
  pictures: readonly RgbImage[],
  options: {
    readonly fps: number;
    readonly camera?: string;
    readonly epoch?: number;
    readonly scale?: number;
  },
): { readonly frames: Frame[]; readonly released: number[] } {
  const { fps, camera = 'camera', epoch = 0, scale = 1 } = options;
  const released = pictures.map(() => 0);
  const frames = pictures.map((image, sequence) => ({
    camera,
    epoch,
    sequence,
    timeUs: Math.round((sequence * 1e6) / fps),
    width: image.width * scale,
    height: image.height * scale,
    image,
    release: () => {
      released[sequence] = (released[sequence] ?? 0) + 1;
    },
  }));
  return { frames, released };
}

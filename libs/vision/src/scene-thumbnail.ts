import type { RgbImage } from '@deadpan/shared';

const WIDTH = 32;
const HEIGHT = 18;

/**
 * A picture in small, to compare scenes by {@link correlation}: the green of 32 x 18 pixels on a regular grid. A cut
 * changes most of them at once; what moves in front of a camera does not.
 */
export function sceneThumbnail({ width, height, data }: RgbImage): Float32Array {
  const thumbnail = new Float32Array(WIDTH * HEIGHT);
  for (let i = 0; i < thumbnail.length; i += 1) {
    const x = Math.floor((((i % WIDTH) + 0.5) * width) / WIDTH);
    const y = Math.floor(((Math.floor(i / WIDTH) + 0.5) * height) / HEIGHT);
    thumbnail[i] = data[(y * width + x) * 3 + 1] ?? 0;
  }
  return thumbnail;
}

import { DeadpanError, type RgbImage } from '@deadpan/shared';
import sharp from 'sharp';

/**
 * A picture file as upright RGB.
 * @throws DeadpanError E_DATA where it cannot be read
 */
export async function readImage(file: string): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(file)
      .rotate()
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels === 3) return { width: info.width, height: info.height, data: new Uint8Array(data) };
    const rgb = new Uint8Array(info.width * info.height * 3);
    for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * info.channels] ?? 0;
    return { width: info.width, height: info.height, data: rgb };
  } catch (cause) {
    throw new DeadpanError('E_DATA', `The picture ${file} cannot be read.`, { cause });
  }
}

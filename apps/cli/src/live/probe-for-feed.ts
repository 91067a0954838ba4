import type { CameraProbe } from '@deadpan/feed';
import { probeCamera, type Ffmpeg } from '@deadpan/ingest';
import sharp from 'sharp';

/** Asks an address for one picture, and gives the answer in the feed's form, the picture as JPEG. */
export async function probeForFeed(
  ffmpeg: Ffmpeg,
  address: string,
  signal: AbortSignal,
): Promise<CameraProbe> {
  const { picture, ...answer } = await probeCamera(ffmpeg, address, signal);
  if (picture === null) return { ...answer, preview: null };
  const { width, height, data } = picture;
  return {
    ...answer,
    preview: await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 75 })
      .toBuffer(),
  };
}

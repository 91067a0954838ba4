import { findFfmpeg, openFile } from '@deadpan/ingest';
import { DeadpanError, type RgbImage } from '@deadpan/shared';

/**
 * Reads `count` frames around the middle of a video: once to count them, once to take them.
 * @throws DeadpanError E_INPUT_* for a video that cannot be read, E_DATA for one that is too short
 */
export async function readMiddleFrames(file: string, count: number): Promise<RgbImage[]> {
  const ffmpeg = await findFfmpeg();
  let frames = 0;
  for await (const frame of await openFile(file, { ffmpeg })) {
    frames++;
    frame.release();
  }
  if (frames < count) throw new DeadpanError('E_DATA', `${file} has ${frames} frames; ${count} are needed.`);
  const first = Math.floor((frames - count) / 2);
  const images: RgbImage[] = [];
  let position = 0;
  for await (const frame of await openFile(file, { ffmpeg })) {
    const { width, height, data } = frame.image;
    if (position >= first && images.length < count) {
      images.push({ width, height, data: Uint8Array.from(data) });
    }
    frame.release();
    position++;
    if (images.length === count) break;
  }
  return images;
}

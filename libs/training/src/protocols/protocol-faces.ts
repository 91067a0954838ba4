import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInferencePool, stillFacesTask, type InferencePool } from '@deadpan/nets';
import { CLASSES, type RgbImage } from '@deadpan/shared';
import { alignedCrop } from '@deadpan/vision';
import {
  canvasOffset,
  canvasSide,
  writeFaceCache,
  type CachedFace,
  type FaceCache,
} from '../datasets/face-cache.js';
import { readImage } from '../datasets/read-image.js';
import type { Protocol, Sequence } from './protocol.js';

/** Reads so many frames around the middle of a video. */
export type ReadMiddleFrames = (file: string, count: number) => Promise<readonly RgbImage[]>;

/** How a protocol's faces are prepared. */
export interface ProtocolFacesOptions {
  /** Folder of the set. */
  readonly data: string;
  /** Folder that the faces are written to. */
  readonly out: string;
  readonly readMiddleFrames: ReadMiddleFrames;
  readonly workers?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Finds and aligns the face of every picture of a protocol and keeps them as a face cache named after it. The surest
 * face counts. A picture in which none is found is turned a quarter clockwise, since some of MMI's videos lie on their
 * side, and is taken for a face as a whole where that does not help.
 * @throws DeadpanError E_DATA for a picture that cannot be read, and what `readMiddleFrames` throws
 */
export async function prepareProtocolFaces(
  protocol: Protocol,
  { data, out, readMiddleFrames, workers, onProgress }: ProtocolFacesOptions,
): Promise<FaceCache> {
  const faces: CachedFace[] = [];
  const canvases: Uint8Array[] = [];
  const pool = createInferencePool({ device: 'cpu', ...(workers === undefined ? {} : { workers }) });
  try {
    for (const [done, sequence] of protocol.sequences.entries()) {
      const pictures = await picturesOf(sequence, data, readMiddleFrames);
      for (const canvas of await Promise.all(pictures.map(({ image }) => canvasIn(pool, image)))) {
        canvases.push(canvas);
      }
      faces.push(...pictures.map(({ path }) => cachedFace(sequence, path)));
      onProgress?.(done + 1, protocol.sequences.length);
    }
  } finally {
    await pool.close();
  }
  const pixels = new Uint8Array(canvases.length * canvasSide * canvasSide);
  canvases.forEach((canvas, index) => {
    pixels.set(canvas, index * canvasSide * canvasSide);
  });
  const cache: FaceCache = { name: protocol.name, faces, pixels };
  await mkdir(out, { recursive: true });
  await writeFaceCache(out, cache);
  return cache;
}

function cachedFace({ id, subject, label }: Sequence, path: string): CachedFace {
  return { path, subject, label, sequence: id, target: CLASSES.map((_, k) => (k === label ? 1 : 0)) };
}

async function picturesOf(
  { source }: Sequence,
  data: string,
  readMiddleFrames: ReadMiddleFrames,
): Promise<{ path: string; image: RgbImage }[]> {
  if (source.kind === 'video') {
    const images = await readMiddleFrames(join(data, source.file), source.middle);
    return images.map((image, index) => ({ path: `${source.file}#${index}`, image }));
  }
  return Promise.all(source.files.map(async (path) => ({ path, image: await readImage(join(data, path)) })));
}

async function canvasIn(pool: InferencePool, image: RgbImage): Promise<Uint8Array> {
  for (const upright of [image, turnedClockwise(image)]) {
    const landmarks = await surestLandmarks(pool, upright, false);
    if (landmarks) return alignedCrop(upright, landmarks, canvasOffset);
  }
  const landmarks = await surestLandmarks(pool, image, true);
  if (!landmarks) throw new Error('a picture that is taken for a face as a whole has landmarks');
  return alignedCrop(image, landmarks, canvasOffset);
}

async function surestLandmarks(
  pool: InferencePool,
  image: RgbImage,
  wholePicture: boolean,
): Promise<Float32Array | undefined> {
  const found = await pool.run(stillFacesTask(), { image, wholePicture });
  return [...found].sort((a, b) => b.detection - a.detection)[0]?.landmarks;
}

/** A picture turned a quarter clockwise. */
export function turnedClockwise({ width, height, data }: RgbImage): RgbImage {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 3 * (x * height + (height - 1 - y));
      const from = 3 * (y * width + x);
      turned.set(data.subarray(from, from + 3), to);
    }
  }
  return { width: height, height: width, data: turned };
}

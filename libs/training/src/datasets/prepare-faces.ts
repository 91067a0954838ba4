import { join } from 'node:path';
import { createInferencePool } from '@deadpan/nets';
import type { Pose, RgbImage } from '@deadpan/shared';
import { canvasTask } from './align-task.js';
import { canvasSide, makeCacheFolder, writeFaceCache, type FaceCache } from './face-cache.js';
import { readLabels } from './label-table.js';
import { readImage } from './read-image.js';

/** Where in a picture its face is, in fractions of the picture's smaller side, from the picture's centre. */
export interface FaceSquare {
  /** Side of the square. */
  readonly side: number;
  /** How far its centre is below the picture's. */
  readonly down: number;
}

/** The squares of the data sets that the recipes use: whole faces, loosely cut ones, portraits with shoulders. */
export const faceSquares = {
  whole: { side: 1, down: 0 },
  /** LFW: the middle 132 of 160 pixels. */
  loose: { side: 0.825, down: 0 },
  /** Face Research Lab London Set. */
  portrait: { side: 0.72, down: 0.08 },
} as const satisfies Record<string, FaceSquare>;

/** What to prepare. */
export interface PrepareOptions {
  /** Folder of the pictures. */
  readonly data: string;
  /** The labels CSV. */
  readonly labels: string;
  readonly square: FaceSquare;
  /** Name of the cache. */
  readonly name: string;
  /** Folder to write it to. */
  readonly out: string;
  readonly workers?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

const CHUNK = 64;

/**
 * Aligns every picture of a labelled set and keeps the faces, with their surroundings, as one file: what training
 * reads.
 * @throws DeadpanError E_DATA naming a picture that cannot be read, E_INPUT_MISSING, E_USAGE for the name; Error of the
 * file system where `out` cannot be written
 */
export async function prepareFaces(options: PrepareOptions): Promise<FaceCache> {
  const rows = await readLabels(options.labels);
  await makeCacheFolder(options.out, options.name);
  const size = canvasSide * canvasSide;
  const pixels = new Uint8Array(rows.length * size);
  const poses: Pose[] = [];
  const pool = createInferencePool({
    device: 'cpu',
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  const work = canvasTask();
  try {
    for (let start = 0; start < rows.length; start += CHUNK) {
      await Promise.all(
        rows.slice(start, start + CHUNK).map(async ({ path }, row) => {
          const image = await readImage(join(options.data, path));
          const { canvas, pose } = await pool.run(work, { image, square: squareIn(image, options.square) });
          pixels.set(canvas, (start + row) * size);
          poses[start + row] = toTenths(pose);
        }),
      );
      options.onProgress?.(Math.min(rows.length, start + CHUNK), rows.length);
    }
  } finally {
    await pool.close();
  }
  const cache: FaceCache = {
    name: options.name,
    faces: rows.map((row, i) => ({ ...row, ...(poses[i] && { pose: poses[i] }) })),
    pixels,
  };
  await writeFaceCache(options.out, cache);
  return cache;
}

const toTenths = ({ yaw, pitch, roll }: Pose): Pose => {
  const round = (degrees: number): number => Math.round(10 * degrees) / 10;
  return { yaw: round(yaw), pitch: round(pitch), roll: round(roll) };
};

function squareIn(
  { width, height }: RgbImage,
  { side, down }: FaceSquare,
): { x: number; y: number; side: number } {
  const unit = Math.min(width, height);
  return { x: width / 2 - (side * unit) / 2, y: height / 2 + (down - side / 2) * unit, side: side * unit };
}

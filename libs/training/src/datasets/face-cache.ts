import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { DeadpanError, type Pose } from '@deadpan/shared';

/** Side of the square picture kept per face: the aligned 64x64 face in the middle of its surroundings. */
export const canvasSide = 96;
/** Where the aligned face begins in the canvas. */
export const canvasOffset = 16;

/** One labelled face of a cache. */
export interface CachedFace {
  /** Path of the picture, relative to the data set. */
  readonly path: string;
  /** Share of the votes of each class, in the fixed order; sums to 1. Undefined where the votes decide nothing. */
  readonly target: readonly number[] | undefined;
  /** Index of the majority class; undefined for ties and where most votes are for no class. */
  readonly label: number | undefined;
  /** The person, where known. */
  readonly subject: string | undefined;
  /** The sequence that the picture is a frame of, where it is one. */
  readonly sequence?: string;
  /** Of the head in the picture; degrees, to a tenth. */
  readonly pose?: Pose;
}

/** A data set after alignment: everything training reads. */
export interface FaceCache {
  readonly name: string;
  readonly faces: readonly CachedFace[];
  /** `canvasSide` squared grey levels per face. */
  readonly pixels: Uint8Array;
}

/** The aligned picture of one face, a view. */
export function canvasOf(cache: FaceCache, index: number): Uint8Array {
  const size = canvasSide * canvasSide;
  return cache.pixels.subarray(index * size, (index + 1) * size);
}

/**
 * Whether files can be called after a set, which is to be known before the work.
 * @throws DeadpanError E_USAGE
 */
export function checkCacheName(name: string): void {
  if (name !== '' && basename(name) === name) return;
  throw new DeadpanError('E_USAGE', `A set cannot have the name "${name}": its files are called after it.`, {
    advice: 'Choose one without a slash, and the folder apart from it.',
  });
}

/**
 * Makes the folder of a cache that is yet to be made, so that a place that will not do is known before the work.
 * @throws Error of the file system; DeadpanError E_USAGE for the name
 */
export async function makeCacheFolder(folder: string, name: string): Promise<void> {
  checkCacheName(name);
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
}

/** Writes `<folder>/<name>.json` and `<name>.bin`. */
export async function writeFaceCache(folder: string, cache: FaceCache): Promise<void> {
  await writeFile(join(folder, `${cache.name}.bin`), cache.pixels);
  await writeFile(
    join(folder, `${cache.name}.json`),
    JSON.stringify({ side: canvasSide, faces: cache.faces }),
  );
}

/**
 * Reads a cache back.
 * @throws DeadpanError E_INPUT_MISSING where there is none; E_DATA when the two files do not belong together
 */
export async function readFaceCache(folder: string, name: string): Promise<FaceCache> {
  const [pixels, text] = await Promise.all([
    readFile(join(folder, `${name}.bin`)),
    readFile(join(folder, `${name}.json`), 'utf8'),
  ]).catch((cause: unknown) => {
    throw new DeadpanError('E_INPUT_MISSING', `${folder} has no set ${name}, or it cannot be read.`, {
      cause,
      advice: `Make it with "deadpan prepare --name ${name}".`,
    });
  });
  const index = indexIn(text);
  if (index?.side !== canvasSide || pixels.length !== index.faces.length * canvasSide * canvasSide) {
    throw new DeadpanError('E_DATA', `The set ${name} in ${folder} is incomplete or of another version.`, {
      advice: 'Prepare it again.',
    });
  }
  return { name, faces: index.faces, pixels };
}

/** Null where the writing broke off. */
function indexIn(text: string): { side: number; faces: CachedFace[] } | null {
  try {
    return JSON.parse(text) as { side: number; faces: CachedFace[] };
  } catch {
    return null;
  }
}

/** Side of the aligned face in the middle of a canvas. */
const faceSide = canvasSide - 2 * canvasOffset;

/** The aligned 64x64 face in the middle of a canvas, a copy. */
export function faceOfCanvas(canvas: Uint8Array): Uint8Array {
  const face = new Uint8Array(faceSide * faceSide);
  for (let row = 0; row < faceSide; row++) {
    const from = (canvasOffset + row) * canvasSide + canvasOffset;
    face.set(canvas.subarray(from, from + faceSide), row * faceSide);
  }
  return face;
}

/** A copy of a canvas with another face in its middle. */
export function withFace(canvas: Uint8Array, face: Uint8Array): Uint8Array {
  // Not slice(): that of a Buffer, which is what a cache is read into, shares its memory.
  const out = Uint8Array.from(canvas);
  for (let row = 0; row < faceSide; row++) {
    out.set(
      face.subarray(row * faceSide, (row + 1) * faceSide),
      (canvasOffset + row) * canvasSide + canvasOffset,
    );
  }
  return out;
}

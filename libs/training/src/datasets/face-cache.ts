import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
 * @throws Error when the two files do not belong together
 */
export async function readFaceCache(folder: string, name: string): Promise<FaceCache> {
  const pixels = await readFile(join(folder, `${name}.bin`));
  const index = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as {
    side: number;
    faces: CachedFace[];
  };
  if (index.side !== canvasSide || pixels.length !== index.faces.length * canvasSide * canvasSide) {
    throw new Error(`face cache ${name} in ${folder} is incomplete or of another version; prepare it again`);
  }
  return { name, faces: index.faces, pixels };
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

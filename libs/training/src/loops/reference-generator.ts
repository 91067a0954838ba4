import { readGenerator } from './release-hng.js';
import type { GenerateReferences } from './train-fer.js';
import { referencesOf } from './references-of.js';

/**
 * The trained generator of a checkpoint as the joint stage asks it: aligned faces to references, 64x64 grey bytes each.
 * @throws DeadpanError E_TRAINING
 */
export async function referenceGenerator(checkpoint: string): Promise<GenerateReferences> {
  const model = await readGenerator(checkpoint);
  return (faces) =>
    referencesOf(
      model,
      faces.map((face) => Float32Array.from(face, (grey) => grey / 255)),
    ).map((reference) => Uint8Array.from(reference, (value) => Math.round(value * 255)));
}

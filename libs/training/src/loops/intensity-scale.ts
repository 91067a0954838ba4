import { embeddingDistance, floatOutput, type FerArtifact, type Session } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { cropSide } from '../datasets/augment-face.js';
import { expressionInput } from '../datasets/expression-input.js';
import { generatorSide } from '../datasets/hng-pools.js';

/** Embeddings of aligned 64x64 faces, grey levels 0..1, through the centre crop and the preprocessing of run time. */
async function embedFaces(
  session: Session,
  faces: readonly Float32Array[],
  batch = 32,
): Promise<Float32Array[]> {
  const size = cropSide * cropSide;
  const embeddings: Float32Array[] = [];
  for (let start = 0; start < faces.length; start += batch) {
    const part = faces.slice(start, start + batch);
    const pixels = new Float32Array(part.length * size);
    part.forEach((face, row) => {
      pixels.set(expressionInput(middleOf(face)), row * size);
    });
    const face = { dims: [part.length, 1, cropSide, cropSide], data: pixels };
    const { data } = floatOutput(await session.run({ face }), 'embedding');
    const units = data.length / part.length;
    part.forEach((_, row) => embeddings.push(data.slice(row * units, (row + 1) * units)));
  }
  return embeddings;
}

// The centre crop, as bytes: what run time sees.
function middleOf(face: Float32Array): Float32Array {
  const margin = (generatorSide - cropSide) / 2;
  return Float32Array.from({ length: cropSide * cropSide }, (_, i) => {
    const value = face[(margin + Math.floor(i / cropSide)) * generatorSide + margin + (i % cropSide)] ?? 0;
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  });
}

/** Distances between the embeddings that a finished model gives faces and their references. */
export async function referenceDistances(
  session: Session,
  faces: readonly Float32Array[],
  references: readonly Float32Array[],
): Promise<number[]> {
  const own = await embedFaces(session, faces);
  const other = await embedFaces(session, references);
  return own.map((embedding, i) => embeddingDistance(embedding, other[i] ?? embedding));
}

/**
 * The distances that mean intensity 0 and 1: the median of neutral faces, and what one in five of the clearly
 * expressive ones exceeds.
 * @param neutral distances of neutral faces to their references
 * @param expressive distances of faces whose taggers agreed
 * @throws DeadpanError E_TRAINING where expressive faces are not farther away: nothing could be measured between the two
 */
export function intensityScale(
  neutral: readonly number[],
  expressive: readonly number[],
): FerArtifact['intensity'] {
  const scale = { neutral: quantile(neutral, 0.5), strong: quantile(expressive, 0.8) };
  if (scale.strong > scale.neutral) return scale;
  throw new DeadpanError(
    'E_TRAINING',
    'The intensity has no scale: expressive faces are no farther from their references than neutral ones.',
    {
      advice:
        'Train the expression network with a metric stage, or name another generator with --references.',
    },
  );
}

/** The value below which a share of the others lies, without interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

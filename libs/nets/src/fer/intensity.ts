import type { FerArtifact } from '../artifact/artifact.js';

/**
 * How far a face is from its own neutral reference, 0 (as neutral) .. 1 (strong).
 * @param face embedding of the face
 * @param reference embedding of its reference
 * @param scale distances that mean 0 and 1, from the model's artifact
 */
export function intensityOf(
  face: ArrayLike<number>,
  reference: ArrayLike<number>,
  scale: FerArtifact['intensity'],
): number {
  const share = (embeddingDistance(face, reference) - scale.neutral) / (scale.strong - scale.neutral);
  return Math.min(1, Math.max(0, share));
}

/** Euclidean distance between two embeddings of equal length. */
export function embeddingDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

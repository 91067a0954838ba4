import type { AlignedFace } from './face.js';
import type { FrameReference } from './frame.js';

/** What the classifier says of a face: the face without its pixels. */
export interface ExpressiveFace extends Omit<AlignedFace, 'crop'> {
  /** Probabilities in the order of CLASSES; they sum to 1. */
  readonly probabilities: readonly number[];
  /** How far the face is from its own neutral reference in the embedding, 0 (as neutral) .. 1. */
  readonly intensity: number;
  /** Name and version of the model that classified it. */
  readonly model: string;
}

/** One classified face of a frame, or the word that a frame had none. */
export interface Expression extends FrameReference {
  readonly faces: number;
  readonly face: ExpressiveFace | null;
}

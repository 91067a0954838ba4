import type { ExpressionClass } from './classes.js';

/** One sliding window of one track: [startUs, endUs) on the grid of N * hop. */
export interface Emotion {
  readonly camera: string;
  readonly epoch: number;
  readonly track: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Frames of the window in which the track was seen. */
  readonly frames: number;
  /**
   * Analysed frames of the window in which the track was not seen, from its first sight to the last one that is known when
   * the window closes: what an absence takes of the window's end counts only if it is over within the grace. After an
   * absence of more than a window's size and the grace, the next sight counts as the first.
   */
  readonly missed: number;
  /** Event times of the first and last frame seen. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** Mean probabilities over the frames seen, in the order of CLASSES. */
  readonly probabilities: readonly number[];
  readonly expression: ExpressionClass;
  /** Mean intensity over the frames seen, 0..1. */
  readonly intensity: number;
  readonly model: string;
}

/** A window's id: the same whoever closes it, so that a repeat overwrites. */
export function emotionId(emotion: Pick<Emotion, 'camera' | 'track' | 'startUs'>): string {
  return `${emotion.camera}/${emotion.track}/${emotion.startUs}`;
}

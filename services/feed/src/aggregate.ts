import { CLASSES, dominantClass, type Emotion } from '@deadpan/shared';

/** The track of a window that speaks of everybody a camera saw. */
export const EVERYBODY = 'everybody';

/**
 * One window over all people of a camera, from their windows of the same time: means weighted by the frames in which
 * each was seen. Says nothing of a single person once there are several.
 */
export function aggregate(windows: readonly [Emotion, ...Emotion[]]): Emotion {
  const frames = windows.reduce((sum, window) => sum + window.frames, 0);
  const mean = (of: (window: Emotion) => number): number =>
    windows.reduce((sum, window) => sum + of(window) * window.frames, 0) / frames;
  const probabilities = CLASSES.map((_, k) => mean((window) => window.probabilities[k] ?? 0));
  const [first] = windows;
  return {
    camera: first.camera,
    epoch: Math.max(...windows.map((window) => window.epoch)),
    track: EVERYBODY,
    startUs: first.startUs,
    endUs: first.endUs,
    frames,
    missed: windows.reduce((sum, window) => sum + window.missed, 0),
    firstUs: Math.min(...windows.map((window) => window.firstUs)),
    lastUs: Math.max(...windows.map((window) => window.lastUs)),
    probabilities,
    expression: dominantClass(probabilities),
    intensity: mean((window) => window.intensity),
    model: first.model,
  };
}

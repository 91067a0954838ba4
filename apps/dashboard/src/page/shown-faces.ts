import { CLASS_NAMES } from './palette.js';
import type { Shot } from './shots.js';
import { smooth } from './smoothing.js';
import type { ShownFace } from './stage-drawing.js';

/**
 * What is shown of each face of a shot: its own numbers, or, with a time constant over 0, those smoothed over the shots
 * before it in which the same person was seen.
 */
export function shownFaces(shots: readonly Shot[], index: number, tau: number): ShownFace[] {
  const shot = shots[index];
  if (shot === undefined) return [];
  return shot.faces.flatMap((message) => {
    const { track, probabilities } = message;
    if (probabilities === undefined) return [];
    const past = shots
      .slice(Math.max(0, index - 60), index + 1)
      .flatMap(({ faces, time }) =>
        faces.filter((face) => face.track === track).map((face) => ({ face, time })),
      );
    const times = past.map(({ time }) => time);
    const last = (values: readonly number[]): number => smooth(times, values, tau).at(-1) ?? 0;
    const ranked = CLASS_NAMES.map((name) => ({
      name,
      value: last(past.map(({ face }) => face.probabilities?.[name] ?? 0)),
    })).sort((a, b) => b.value - a.value);
    const [top] = ranked;
    return [
      {
        message,
        expression: top?.name ?? 'neutral',
        probability: top?.value ?? 0,
        intensity: last(past.map(({ face }) => face.intensity ?? 0)),
      },
    ];
  });
}

import type { Points } from './displacement.js';

/** Mean gap between the inner lips from which on a mouth is open, in widths of the mouth. */
const OPEN = 0.15;
/** Movement of what an expression leaves in its place over which the head has turned, mean in pixels. */
const TURNED = 1.5;
/** Bridge of the nose and corners of the eyes (iBUG order). */
const RIGID = [27, 28, 29, 30, 36, 39, 42, 45];
/** Inner lips, upper and lower one across from each other, and the whole line around. */
const ACROSS = [
  [61, 67],
  [62, 66],
  [63, 65],
] as const;
const INNER_EDGES = [60, 61, 62, 63, 64, 65, 66, 67].map((i) => [i, i === 60 ? 67 : i - 1] as const);

/** Whether a mouth that was closed, or nearly, is open. Both: 68 landmarks. */
export function hasOpened(before: Points, after: Points): boolean {
  return gapOf(before) < OPEN / 2 && gapOf(after) >= OPEN;
}

/** Whether the head moved against its aligned picture. Both: 68 landmarks in pixels. */
export function hasTurned(before: Points, after: Points): boolean {
  return mean(RIGID.map((i) => distance(at(before, i), at(after, i)))) > TURNED;
}

/** How much of a pixel lies between the inner lips of 68 landmarks: 1 within, falling to 0 a pixel outside. */
export function betweenLips(points: Points, x: number, y: number): number {
  let inside = false;
  let nearest = Infinity;
  for (const [i, j] of INNER_EDGES) {
    const [ax, ay] = at(points, i);
    const [bx, by] = at(points, j);
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    const length = Math.max(1e-6, (bx - ax) ** 2 + (by - ay) ** 2);
    const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    nearest = Math.min(nearest, distance([x, y], [ax + along * (bx - ax), ay + along * (by - ay)]));
  }
  return inside ? 1 : Math.max(0, 1 - nearest);
}

type Point = readonly [x: number, y: number];

function at(points: Points, i: number): Point {
  return [points[2 * i] ?? 0, points[2 * i + 1] ?? 0];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function gapOf(points: Points): number {
  return (
    mean(ACROSS.map(([upper, lower]) => distance(at(points, upper), at(points, lower)))) /
    Math.max(1e-6, distance(at(points, 48), at(points, 54)))
  );
}

/** Points as x0, y0, x1, y1, ... in pixels. */
export type Points = ArrayLike<number>;

/** Reach of a point's displacement, in pixels of the canvas: lips that part must not drag each other along. */
const REACH = 3.5;
/** Weight of standing still: far from all points nothing moves. */
const STILL = 0.02;

/**
 * A picture whose points `from` have moved to `to`: every pixel is fetched from where the points near it came from
 * (Gaussian weights), bilinearly. `picture` is `side` x `side`.
 */
export function warp(picture: Float32Array, side: number, from: Points, to: Points): Float32Array {
  const out = new Float32Array(side * side);
  const reach = 2 * REACH * REACH;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      let weights = STILL;
      let dx = 0;
      let dy = 0;
      for (let i = 0; i < to.length; i += 2) {
        const tx = to[i] ?? 0;
        const ty = to[i + 1] ?? 0;
        const squared = (x - tx) ** 2 + (y - ty) ** 2;
        if (squared > 9 * reach) continue;
        const weight = Math.exp(-squared / reach);
        weights += weight;
        dx += weight * ((from[i] ?? 0) - tx);
        dy += weight * ((from[i + 1] ?? 0) - ty);
      }
      out[y * side + x] = sample(picture, side, x + dx / weights, y + dy / weights);
    }
  }
  return out;
}

function sample(picture: Float32Array, side: number, x: number, y: number): number {
  const cx = Math.min(side - 1, Math.max(0, x));
  const cy = Math.min(side - 1, Math.max(0, y));
  const x0 = Math.min(side - 2, Math.floor(cx));
  const y0 = Math.min(side - 2, Math.floor(cy));
  const [fx, fy] = [cx - x0, cy - y0];
  const at = (px: number, py: number): number => picture[py * side + px] ?? 0;
  const top = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx;
  const bottom = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

/** Rotation, uniform scale and shift of the plane: (x, y) -> (a x - b y + tx, b x + a y + ty). */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/**
 * The similarity that takes points `from` to points `to` with the least squared error. Both are x0, y0, x1, y1, ... of
 * equal length, at least two points. Points that all coincide give a mere shift of scale 0.
 * Source: Umeyama, IEEE TPAMI 13(4), 1991; in the plane and without reflections its solution is this closed form.
 */
export function fitSimilarity(from: ArrayLike<number>, to: ArrayLike<number>): Similarity {
  const count = Math.min(from.length, to.length) >> 1;
  if (count < 2) throw new RangeError('A similarity needs two points.');
  let [fx, fy, gx, gy] = [0, 0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    fx += from[2 * i] ?? 0;
    fy += from[2 * i + 1] ?? 0;
    gx += to[2 * i] ?? 0;
    gy += to[2 * i + 1] ?? 0;
  }
  [fx, fy, gx, gy] = [fx / count, fy / count, gx / count, gy / count];
  let [dot, cross, spread] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const x = (from[2 * i] ?? 0) - fx;
    const y = (from[2 * i + 1] ?? 0) - fy;
    const u = (to[2 * i] ?? 0) - gx;
    const v = (to[2 * i + 1] ?? 0) - gy;
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  }
  const a = spread > 0 ? dot / spread : 0;
  const b = spread > 0 ? cross / spread : 0;
  return { a, b, tx: gx - (a * fx - b * fy), ty: gy - (b * fx + a * fy) };
}

/** The way back. Its scale must not be 0. */
export function invertSimilarity({ a, b, tx, ty }: Similarity): Similarity {
  const square = a * a + b * b;
  if (square === 0) throw new RangeError('A similarity of scale 0 has no inverse.');
  const [c, d] = [a / square, -b / square];
  return { a: c, b: d, tx: -(c * tx - d * ty), ty: -(d * tx + c * ty) };
}

/** `first`, then `second`, as one similarity. */
export function composeSimilarities(first: Similarity, second: Similarity): Similarity {
  return {
    a: second.a * first.a - second.b * first.b,
    b: second.b * first.a + second.a * first.b,
    tx: second.a * first.tx - second.b * first.ty + second.tx,
    ty: second.b * first.tx + second.a * first.ty + second.ty,
  };
}

/** The points x0, y0, x1, y1, ... after the similarity. */
export function applySimilarity({ a, b, tx, ty }: Similarity, points: ArrayLike<number>): Float32Array {
  const result = new Float32Array(points.length);
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i] ?? 0;
    const y = points[i + 1] ?? 0;
    result[i] = a * x - b * y + tx;
    result[i + 1] = b * x + a * y + ty;
  }
  return result;
}

/** How much longer lengths become. */
export function scaleOf({ a, b }: Similarity): number {
  return Math.hypot(a, b);
}

/**
 * The similarity from a patch of `size` x `size` pixels to a square in a picture: centre and side in pixels of the
 * picture, turned clockwise by `angle` degrees.
 */
export function squareToImage(
  centreX: number,
  centreY: number,
  side: number,
  angle: number,
  size: number,
): Similarity {
  const scale = side / size;
  const a = scale * Math.cos((angle * Math.PI) / 180);
  const b = scale * Math.sin((angle * Math.PI) / 180);
  const middle = size / 2;
  return { a, b, tx: centreX - (a * middle - b * middle), ty: centreY - (b * middle + a * middle) };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  applySimilarity,
  composeSimilarities,
  fitSimilarity,
  invertSimilarity,
  scaleOf,
  squareToImage,
  type Similarity,
} from './similarity-transform.js';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const similarity = fc
  .record({
    scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
    angle: fc.double({ min: -179, max: 179, noNaN: true }),
    tx: coordinate,
    ty: coordinate,
  })
  .map(({ scale, angle, tx, ty }): Similarity => {
    const radians = (angle * Math.PI) / 180;
    return { a: scale * Math.cos(radians), b: scale * Math.sin(radians), tx, ty };
  });
const points = fc
  .array(coordinate, { minLength: 6, maxLength: 40 })
  .filter(
    (values) => Math.hypot((values[0] ?? 0) - (values[2] ?? 0), (values[1] ?? 0) - (values[3] ?? 0)) > 10,
  )
  .map((values) => values.slice(0, values.length & ~1));

const assertClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  for (let i = 0; i < expected.length; i += 1) {
    assert.ok(
      Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)) <= tolerance,
      `${String(actual[i])} is not ${String(expected[i])}`,
    );
  }
};

test('points that were moved by a similarity give it back', () => {
  fc.assert(
    fc.property(similarity, points, (moved, from) => {
      const to = from.map((_, i) => {
        const [x, y] = [from[i & ~1] ?? 0, from[i | 1] ?? 0];
        return i % 2 === 0 ? moved.a * x - moved.b * y + moved.tx : moved.b * x + moved.a * y + moved.ty;
      });
      const found = fitSimilarity(from, to);
      assertClose([found.a, found.b], [moved.a, moved.b], 1e-9 * scaleOf(moved) + 1e-9);
      assertClose([found.tx, found.ty], [moved.tx, moved.ty], 1e-6);
    }),
  );
});

test('no other similarity near by has a smaller error', () => {
  const error = (one: Similarity, from: readonly number[], to: readonly number[]) =>
    from.reduce((sum, x, i) => {
      if (i % 2 === 1) return sum;
      const y = from[i + 1] ?? 0;
      const dx = one.a * x - one.b * y + one.tx - (to[i] ?? 0);
      const dy = one.b * x + one.a * y + one.ty - (to[i + 1] ?? 0);
      return sum + dx * dx + dy * dy;
    }, 0);
  fc.assert(
    fc.property(
      points,
      points,
      fc.constantFrom('a', 'b', 'tx', 'ty'),
      fc.constantFrom(-1e-3, 1e-3),
      (p, q, key, step) => {
        const length = Math.min(p.length, q.length);
        const [from, to] = [p.slice(0, length), q.slice(0, length)];
        const best = fitSimilarity(from, to);
        const other = { ...best, [key]: best[key] + step };
        assert.ok(error(best, from, to) <= error(other, from, to) * (1 + 1e-9));
      },
    ),
  );
});

test('the way there and back again leads home', () => {
  fc.assert(
    fc.property(similarity, points, (one, some) => {
      const { a, b, tx, ty } = composeSimilarities(one, invertSimilarity(one));
      assertClose([a, b, tx, ty], [1, 0, 0, 0], 1e-6);
      const back = applySimilarity(invertSimilarity(one), applySimilarity(one, some));
      // The points in between are single precision.
      assertClose(back, some, (1e-6 * 12_000) / Math.min(1, scaleOf(one)));
    }),
  );
});

test('the square of a patch has its centre, side and angle', () => {
  const toImage = squareToImage(100, 50, 224, 30, 112);
  assert.ok(Math.abs(scaleOf(toImage) - 2) < 1e-12);
  assertClose(applySimilarity(toImage, [56, 56]), [100, 50], 1e-4);
  // Clockwise on a picture: the middle of the right side lies lower than the centre.
  assertClose(applySimilarity(toImage, [112, 56]), [100 + 112 * Math.cos(Math.PI / 6), 50 + 56], 1e-4);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../random.js';
import { mixUp } from './mix-up.js';

/** Face n of a batch is the number n all over, and certainly of class n: pixels and targets must tell the same. */
function batchOf(count: number, size: number) {
  const pixels = Float32Array.from({ length: count * size }, (_, i) => Math.floor(i / size));
  const targets = Array.from({ length: count }, (_, n) =>
    Array.from({ length: count }, (_, k) => Number(k === n)),
  );
  return { pixels, targets };
}

test('a mixed face is of both classes, as much as it shows of each', () => {
  const { pixels, targets } = batchOf(8, 5);
  mixUp(pixels, targets, 1, createRandom(1));
  targets.forEach((target, n) => {
    const shown = target.reduce((sum, share, k) => sum + share * k, 0);
    for (const value of pixels.subarray(n * 5, n * 5 + 5)) assert.ok(Math.abs(value - shown) < 1e-5);
    assert.ok(Math.abs(target.reduce((a, b) => a + b) - 1) < 1e-12);
    // Of itself and of the next face, as it was before it was mixed itself.
    assert.deepEqual(
      target.flatMap((share, k) => (share > 0 ? [k] : [])),
      [n, (n + 1) % 8].sort((a, b) => a - b),
    );
  });
});

test('only the given share of the faces is mixed, and none at 0', () => {
  const [kept, mixed] = [batchOf(400, 1), batchOf(400, 1)];
  mixUp(kept.pixels, kept.targets, 0, createRandom(2));
  assert.deepEqual(kept, batchOf(400, 1));
  mixUp(mixed.pixels, mixed.targets, 0.3, createRandom(2));
  const changed = mixed.targets.filter((target, n) => target[n] !== 1).length;
  assert.ok(changed > 80 && changed < 160, `${changed} of 400`);
});

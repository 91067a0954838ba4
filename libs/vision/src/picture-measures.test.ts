import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '@deadpan/shared';
import { laplacianVariance } from './blur.js';
import { correlation } from './correlation.js';
import { isCut, sceneOf } from './scene.js';

test('blurring lowers the variance of the Laplacian; a slope has none', () => {
  const size = 32;
  const sharp = Uint8Array.from({ length: size * size }, (_, i) => ((i * 2654435761) >>> 24) & 255);
  const blurred = sharp.map((_, i) => {
    let sum = 0;
    for (const step of [-size - 1, -size, -size + 1, -1, 0, 1, size - 1, size, size + 1])
      sum += sharp[i + step] ?? 128;
    return sum / 9;
  });
  assert.ok(laplacianVariance(sharp, size, size) > 20 * laplacianVariance(blurred, size, size));
  const slope = sharp.map((_, i) => 3 * (i % size) + 2 * Math.floor(i / size));
  assert.equal(laplacianVariance(slope, size, size), 0);
  // By hand: the only inner pixel of a 3 x 3 picture has nothing to vary from.
  assert.equal(laplacianVariance(Uint8Array.of(0, 0, 0, 0, 9, 0, 0, 0, 0), 3, 3), 0);
});

test('correlation does not see brightness and contrast, and sees the sign', () => {
  const a = [1, 5, 2, 8, 3];
  assert.ok(
    Math.abs(
      correlation(
        a,
        a.map((value) => 3 * value + 40),
      ) - 1,
    ) < 1e-12,
  );
  assert.ok(
    Math.abs(
      correlation(
        a,
        a.map((value) => -value),
      ) + 1,
    ) < 1e-12,
  );
  assert.equal(correlation(a, [4, 4, 4, 4, 4]), 0);
  // Source: scipy.stats.pearsonr([1, 2, 3, 4, 5], [10, 9, 2.5, 6, 4]).
  assert.ok(Math.abs(correlation([1, 2, 3, 4, 5], [10, 9, 2.5, 6, 4]) + 0.7426106572325057) < 1e-12);
});

/** A room of one colour with a person of another at x. */
function room(wall: readonly number[], person: readonly number[], x: number): RgbImage {
  const [width, height] = [128, 72];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const inside = Math.abs((i % width) - x) < 30 && i / width > 20;
    const texture = ((i % width) * 5 + Math.floor(i / width) * 3) % 40;
    data.set(
      (inside ? person : wall).map((value) => value + texture),
      i * 3,
    );
  }
  return { width, height, data };
}

test('a cut is one, and a person who moves quickly through the picture is none', () => {
  const before = sceneOf(room([180, 170, 160], [90, 60, 50], 30));
  const moved = sceneOf(room([180, 170, 160], [90, 60, 50], 100));
  const elsewhere = sceneOf(room([20, 60, 120], [200, 190, 40], 30));
  assert.equal(isCut(before, before), false);
  assert.equal(isCut(before, moved), false);
  assert.equal(isCut(before, elsewhere), true);
});

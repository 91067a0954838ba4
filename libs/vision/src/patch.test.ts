import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '@deadpan/shared';
import fc from 'fast-check';
import { samplePatch } from './patch.js';
import { sampleRegion } from './region.js';
import { squareToImage } from './similarity-transform.js';

/** A picture whose channels grow linearly: bilinear sampling must find the exact value anywhere between the pixels. */
function ramp(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([2 * x, 3 * y, x + y], i * 3);
  }
  return { width, height, data };
}

const image = ramp(60, 50);

test('a patch of a linear picture has the values of its places, however it is turned and scaled', () => {
  const angle = fc.double({ min: -180, max: 180, noNaN: true });
  const side = fc.double({ min: 3, max: 24, noNaN: true });
  fc.assert(
    fc.property(angle, side, fc.integer({ min: 1, max: 3 }), (turn, length, mostSamples) => {
      const size = 8;
      const { a, b, tx, ty } = squareToImage(30, 25, length, turn, size);
      const planes = new Float32Array(3 * size * size);
      samplePatch(image, { a, b, tx, ty }, size, planes, { channels: 3, edge: 'black', mostSamples });
      for (let i = 0; i < size * size; i += 1) {
        const [u, v] = [(i % size) + 0.5, Math.floor(i / size) + 0.5];
        const x = a * u - b * v + tx - 0.5;
        const y = b * u + a * v + ty - 0.5;
        const expected = [2 * x, 3 * y, x + y];
        for (const [channel, value] of expected.entries()) {
          assert.ok(Math.abs((planes[channel * size * size + i] ?? NaN) - value) < 0.02);
        }
      }
    }),
  );
});

test('the gray patch is the luma of the coloured one', () => {
  const toImage = squareToImage(20, 20, 20, 17, 16);
  const colours = new Float32Array(3 * 256);
  const gray = new Float32Array(256);
  samplePatch(image, toImage, 16, colours, { channels: 3, edge: 'replicate' });
  samplePatch(image, toImage, 16, gray, { channels: 1, edge: 'replicate' });
  for (let i = 0; i < 256; i += 1) {
    const luma =
      0.299 * (colours[i] ?? 0) + 0.587 * (colours[256 + i] ?? 0) + 0.114 * (colours[512 + i] ?? 0);
    assert.ok(Math.abs((gray[i] ?? NaN) - luma) < 1e-3);
  }
});

test('beyond the edge it is black, or the outermost pixels again', () => {
  const toImage = squareToImage(-10, 25, 8, 0, 8);
  const planes = new Float32Array(3 * 64);
  samplePatch(image, toImage, 8, planes, { channels: 3, edge: 'black' });
  assert.ok(planes.every((value) => value === 0));
  samplePatch(image, toImage, 8, planes, { channels: 3, edge: 'replicate' });
  // Rows 21 to 28 of the first column: red 0, green three times the row.
  assert.deepEqual([...planes.subarray(64, 68)], [63, 63, 63, 63]);
  assert.equal(planes[64 + 56], 84);
});

test('a whole picture at its own size stays what it is', () => {
  const planes = new Float32Array(3 * 60 * 50);
  sampleRegion(image, { x: 0, y: 0, width: 60, height: 50 }, 60, 50, planes);
  for (let i = 0; i < 60 * 50; i += 1) assert.equal(planes[3000 + i], image.data[3 * i + 1]);
});

test('a region that reaches beyond the picture is black there, at both kinds of grid', () => {
  for (const grid of ['corner', 'centre'] as const) {
    const planes = new Float32Array(3 * 100);
    sampleRegion(image, { x: 30, y: 25, width: 60, height: 50 }, 10, 10, planes, { grid });
    const red = [...planes.subarray(0, 10)];
    assert.deepEqual(red.slice(5), [0, 0, 0, 0, 0]);
    assert.equal(red[0], grid === 'corner' ? 60 : 65);
    assert.ok(planes.subarray(100 + 50, 200).every((value) => value === 0));
  }
});

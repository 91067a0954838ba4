import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '@deadpan/shared';
import fc from 'fast-check';
import { samplePatch, type PatchOptions } from './patch.js';
import { sampleRegion } from './region.js';
import { squareToImage, type Similarity } from './similarity-transform.js';

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

/** What {@link samplePatch} is to give, by the definition: its four neighbours, weighted, for each sample of each pixel. */
function reference(
  { data, width, height }: RgbImage,
  { a, b, tx, ty }: Similarity,
  size: number,
  { channels, edge, mostSamples = 3 }: PatchOptions,
): Float32Array {
  const samples = Math.min(mostSamples, Math.max(1, Math.round(Math.hypot(a, b))));
  const step = 1 / samples;
  const within = (value: number, last: number) => Math.min(Math.max(value, 0), last);
  const planes = new Float32Array(channels * size * size);
  for (let i = 0; i < size * size; i += 1) {
    const colour = [0, 0, 0];
    for (let j = 0; j < samples; j += 1) {
      const u = (i % size) + 0.5 * step;
      const v = Math.floor(i / size) + (j + 0.5) * step;
      let [x, y] = [a * u - b * v + tx - 0.5, b * u + a * v + ty - 0.5];
      for (let k = 0; k < samples; k += 1, x += a * step, y += b * step) {
        if (edge === 'black' && (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5)) continue;
        const placeX = Math.floor(within(x, width - 1) * 256 + 0.5);
        const placeY = Math.floor(within(y, height - 1) * 256 + 0.5);
        for (const [down, right] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ] as const) {
          const column = Math.min(Math.floor(placeX / 256) + right, width - 1);
          const row = Math.min(Math.floor(placeY / 256) + down, height - 1);
          const weightX = right === 1 ? placeX % 256 : 256 - (placeX % 256);
          const weightY = down === 1 ? placeY % 256 : 256 - (placeY % 256);
          for (let c = 0; c < 3; c += 1)
            colour[c] = (colour[c] ?? 0) + weightX * weightY * (data[(row * width + column) * 3 + c] ?? NaN);
        }
      }
    }
    const share = step ** 2 / 65536;
    const [red = 0, green = 0, blue = 0] = colour;
    if (channels === 1) planes[i] = (0.299 * red + 0.587 * green + 0.114 * blue) * share;
    else for (let c = 0; c < 3; c += 1) planes[c * size * size + i] = (colour[c] ?? NaN) * share;
  }
  return planes;
}

test('a patch is the weighted mean of its neighbours to the last digit, inside the picture, across its edge and beyond', () => {
  const picture = fc
    .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 30 }) })
    .chain(({ width, height }) =>
      fc
        .uint8Array({ minLength: 3 * width * height, maxLength: 3 * width * height })
        .map((data): RgbImage => ({ width, height, data })),
    );
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const place = fc.tuple(number(-30, 70), number(-30, 60), number(0.01, 120), number(-180, 180));
  const options = fc.record<PatchOptions>({
    channels: fc.constantFrom(1, 3),
    edge: fc.constantFrom('black', 'replicate'),
    mostSamples: fc.integer({ min: 1, max: 4 }),
    offset: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(picture, place, fc.integer({ min: 1, max: 20 }), options, (source, where, size, chosen) => {
      const toImage = squareToImage(...where, size);
      const { channels, offset = 0 } = chosen;
      const length = channels * size * size;
      const planes = new Float32Array(offset + length + 1).fill(-1);
      samplePatch(source, toImage, size, planes, chosen);
      assert.deepEqual(planes.subarray(offset, offset + length), reference(source, toImage, size, chosen));
      // Nothing else is written.
      assert.ok([...planes.subarray(0, offset), ...planes.subarray(-1)].every((value) => value === -1));
    }),
    { numRuns: 400 },
  );
});

test('a small patch after a large one sees nothing of it', () => {
  const white = { width: 640, height: 360, data: new Uint8Array(640 * 360 * 3).fill(255) };
  samplePatch(white, squareToImage(320, 180, 360, 0, 112), 112, new Float32Array(3 * 112 ** 2), {
    channels: 3,
    edge: 'replicate',
  });
  const toImage = squareToImage(30, 40, 40, 30, 12);
  const planes = new Float32Array(3 * 144);
  for (const edge of ['black', 'replicate'] as const) {
    samplePatch(image, toImage, 12, planes, { channels: 3, edge });
    assert.deepEqual(planes, reference(image, toImage, 12, { channels: 3, edge }));
  }
});

test('a transform without a place in the picture is no error, and spoils no later patch', () => {
  const toImage = squareToImage(30, 40, 40, 30, 8);
  const planes = new Float32Array(3 * 64);
  for (const value of [NaN, Infinity, -Infinity, 1e300]) {
    for (const [a, b, t] of [
      [value, 0, 0],
      [1, value, 0],
      [1, 0, value],
    ] as const) {
      samplePatch(image, { a, b, tx: t, ty: t }, 8, planes, { channels: 3, edge: 'replicate' });
      samplePatch(image, toImage, 8, planes, { channels: 3, edge: 'replicate' });
      assert.deepEqual(planes, reference(image, toImage, 8, { channels: 3, edge: 'replicate' }));
    }
  }
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CROP_SIZE } from '@deadpan/shared';
import fc from 'fast-check';
import {
  CENTRE_CROP,
  EXPRESSION_INPUT_SIZE,
  TRAINING_CROPS,
  writeExpressionInput,
} from './expression-input.js';
import { equalizeHistogram } from './histogram-equalization.js';
import { removePlane } from './plane-fit.js';
import { standardize } from './standardize.js';

const PIXELS = EXPRESSION_INPUT_SIZE ** 2;
const pictures = fc.uint8Array({ minLength: 16, maxLength: 400 });

test('equalisation gives the numbers of the textbook example', () => {
  // Source: Wikipedia, "Histogram equalization": an 8 x 8 picture, and what its levels become.
  const before = [
    52, 55, 61, 59, 79, 61, 76, 61, 62, 59, 55, 104, 94, 85, 59, 71, 63, 65, 66, 113, 144, 104, 63, 72, 64,
    70, 70, 126, 154, 109, 71, 69, 67, 73, 68, 106, 122, 88, 68, 68, 68, 79, 60, 70, 77, 66, 58, 75, 69, 85,
    64, 58, 55, 61, 65, 83, 70, 87, 69, 68, 65, 73, 78, 90,
  ];
  const after = [
    0, 12, 53, 32, 190, 53, 174, 53, 57, 32, 12, 227, 219, 202, 32, 154, 65, 85, 93, 239, 251, 227, 65, 158,
    73, 146, 146, 247, 255, 235, 154, 130, 97, 166, 117, 231, 243, 210, 117, 117, 117, 190, 36, 146, 178, 93,
    20, 170, 130, 202, 73, 20, 12, 53, 85, 194, 146, 206, 130, 117, 85, 166, 182, 215,
  ];
  assert.deepEqual([...equalizeHistogram(Uint8Array.from(before))], after);
});

test('equalisation keeps the order of levels and reaches from black to white', () => {
  fc.assert(
    fc.property(pictures, (picture) => {
      const result = equalizeHistogram(picture);
      const levels = [...new Set(picture)].sort((a, b) => a - b);
      const mapped = levels.map((level) => result[picture.indexOf(level)] ?? -1);
      assert.ok(mapped.every((value, i) => i === 0 || value >= (mapped[i - 1] ?? 0)));
      if (levels.length > 1) assert.deepEqual([mapped[0], mapped.at(-1)], [0, 255]);
      else assert.deepEqual(result, picture);
    }),
  );
});

test('a slope of brightness is removed and nothing else', () => {
  const slope = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(slope, slope, fc.double({ min: 0, max: 255, noNaN: true }), (a, b, level) => {
      const [width, height] = [12, 9];
      const plane = Float32Array.from(
        { length: width * height },
        (_, i) => level + a * (i % width) + b * Math.floor(i / width),
      );
      const mean = level + (a * (width - 1)) / 2 + (b * (height - 1)) / 2;
      removePlane(plane, width, height);
      assert.ok(plane.every((value) => Math.abs(value - mean) < 1e-3));
    }),
  );
});

test('standardised values have mean 0 and variance 1; equal ones become 0', () => {
  const values = Float32Array.of(1, 2, 3, 4, 10);
  standardize(values);
  const mean = values.reduce((sum, value) => sum + value, 0) / 5;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5;
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-5);
  const flat = new Float32Array(9).fill(7);
  standardize(flat);
  assert.ok(flat.every((value) => value === 0));
});

test('the ten crops are the centre and the corners, each with its mirror image', () => {
  const face = Uint8Array.from(
    { length: CROP_SIZE ** 2 },
    (_, i) => ((i % CROP_SIZE) * 3 + Math.floor(i / CROP_SIZE) * 7) % 256,
  );
  assert.equal(TRAINING_CROPS.length, 10);
  assert.deepEqual(TRAINING_CROPS[0], CENTRE_CROP);
  const corners = new Set(TRAINING_CROPS.map(({ x, y }) => `${x},${y}`));
  assert.deepEqual([...corners].sort(), ['0,0', '0,4', '2,2', '4,0', '4,4']);
  for (let i = 0; i < 10; i += 2) {
    const [plain, mirrored] = [TRAINING_CROPS[i], TRAINING_CROPS[i + 1]];
    assert.ok(plain !== undefined && mirrored !== undefined);
    const input = new Float32Array(2 * PIXELS);
    writeExpressionInput(face, plain, input);
    writeExpressionInput(face, mirrored, input, PIXELS);
    for (let row = 0; row < EXPRESSION_INPUT_SIZE; row += 7) {
      const at = row * EXPRESSION_INPUT_SIZE;
      const there = input.subarray(at, at + EXPRESSION_INPUT_SIZE);
      const back = input.slice(PIXELS + at, PIXELS + at + EXPRESSION_INPUT_SIZE).reverse();
      assert.ok(there.every((value, x) => Math.abs(value - (back[x] ?? NaN)) < 1e-3));
    }
  }
});

test('light from the side and another exposure leave the input nearly as it was', () => {
  const texture = (i: number) => ((i * 2654435761) >>> 24) / 2;
  const face = Uint8Array.from({ length: CROP_SIZE ** 2 }, (_, i) => texture(i));
  const lit = face.map((level, i) => Math.round(0.6 * level + 20 + (i % CROP_SIZE) * 0.5));
  const [a, b] = [new Float32Array(PIXELS), new Float32Array(PIXELS)];
  writeExpressionInput(face, CENTRE_CROP, a);
  writeExpressionInput(lit, CENTRE_CROP, b);
  const likeness = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / PIXELS;
  assert.ok(likeness > 0.97, `correlation ${likeness}`);
});

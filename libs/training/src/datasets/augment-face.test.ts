import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { TRAINING_CROPS, writeExpressionInput } from '@deadpan/vision';
import { createRandom, seedAt } from '../random.js';
import { augmentedInput } from '../loops/train-fer.js';
import { centreCrop, drawCrop, enlarge, takeCrop } from './augment-face.js';
import { canvasOffset, canvasSide, faceOfCanvas, withFace } from './face-cache.js';

const canvas = Uint8Array.from(
  { length: canvasSide * canvasSide },
  (_, i) => ((i % canvasSide) * 2 + Math.floor(i / canvasSide)) % 251,
);
const options = {
  shift: 2,
  scale: [0.9, 1.1] as [number, number],
  rotation: 8,
  tight: 0.5,
  coarse: [0.5, 26] as [number, number],
  contrast: 0.3,
  noise: 8,
  erase: 0.5,
};

test('the centre crop is the middle of the aligned face, pixel by pixel', () => {
  const crop = takeCrop(canvas, centreCrop);
  const face = faceOfCanvas(canvas);
  for (const [x, y] of [
    [0, 0],
    [59, 0],
    [13, 41],
    [59, 59],
  ] as const)
    assert.equal(crop[y * 60 + x], face[(y + 2) * 64 + x + 2]);
});

test('a flip mirrors it', () => {
  const [plain, flipped] = [takeCrop(canvas, centreCrop), takeCrop(canvas, { ...centreCrop, flip: true })];
  for (let x = 0; x < 60; x++) assert.equal(flipped[30 * 60 + x], plain[30 * 60 + 59 - x]);
});

test('a shift by whole pixels moves it', () => {
  const [plain, moved] = [takeCrop(canvas, centreCrop), takeCrop(canvas, { ...centreCrop, x: 3, y: -2 })];
  assert.equal(moved[20 * 60 + 20], plain[18 * 60 + 23]);
});

test('what lies outside a tight frame repeats its edge, or has one level', () => {
  const frame: [number, number, number, number] = [canvasOffset + 12, 0, canvasSide - 1, canvasSide - 1];
  const repeated = takeCrop(canvas, { ...centreCrop, frame });
  assert.equal(repeated[5 * 60], canvas[(canvasOffset + 7) * canvasSide + canvasOffset + 12]);
  assert.equal(takeCrop(canvas, { ...centreCrop, frame, outside: 9 })[5 * 60], 9);
});

test('enlarging keeps a ramp a ramp', () => {
  const small = Float32Array.from({ length: 100 }, (_, i) => i % 10);
  const large = enlarge(small, 10, 20);
  // Half-pixel centres: column 9 of 20 lies at 4.25 of 10.
  assert.ok(Math.abs((large[9] ?? 0) - 4.25) < 1e-6);
  assert.equal(large[0], 0);
  assert.equal(large[19], 9);
});

test('the same seed draws the same picture, another one another', () => {
  assert.deepEqual(augmentedInput(canvas, options, 5), augmentedInput(canvas, options, 5));
  assert.notDeepEqual(augmentedInput(canvas, options, 5), augmentedInput(canvas, options, 6));
  assert.deepEqual(drawCrop(createRandom(3), options), drawCrop(createRandom(3), options));
});

test("the ten parts that training shows are those that the vision package cuts, and a reference gets its query's", () => {
  const cut = (face: Uint8Array): Float32Array[] =>
    TRAINING_CROPS.map((crop) => {
      const input = new Float32Array(60 * 60);
      writeExpressionInput(face, crop, input);
      return input;
    });
  const place = (of: Uint8Array, seed: number): number => {
    const seen = augmentedInput(of, { crops: 'ten' }, seed);
    return cut(faceOfCanvas(of)).findIndex((part) => isDeepStrictEqual(part, seen));
  };
  // Not the canvas of the other tests: of a ramp, all places look alike.
  const spots = canvas.map((_, i) => (i * 2654435761) >>> 24);
  const reference = withFace(
    spots,
    faceOfCanvas(spots).map((level) => (level * level) % 256),
  );
  const places = Array.from({ length: 100 }, (_, step) => place(spots, seedAt(1, step)));
  const ofReferences = places.map((_, step) => place(reference, seedAt(1, step)));
  assert.deepEqual([...new Set(places)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(ofReferences, places);
});

test('a face that is put back into its canvas changes nothing', () => {
  assert.deepEqual(withFace(canvas, faceOfCanvas(canvas)), canvas);
});

test('putting another face into a canvas leaves the canvas as it was, also that of a cache read from a file', () => {
  const read = Buffer.from(canvas);
  const black = new Uint8Array(64 * 64);
  assert.deepEqual(faceOfCanvas(withFace(read, black)), black);
  assert.deepEqual(Uint8Array.from(read), canvas);
});

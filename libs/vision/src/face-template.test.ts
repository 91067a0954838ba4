import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CROP_SIZE, type RgbImage } from '@deadpan/shared';
import { alignedCrop, ALIGNING_LANDMARKS, alignmentOf, FACE_TEMPLATE } from './face-template.js';
import { applySimilarity, invertSimilarity, squareToImage } from './similarity-transform.js';

const meanOf = (landmarks: readonly number[]): readonly [number, number] => {
  const at = landmarks.map((landmark) => ALIGNING_LANDMARKS.indexOf(landmark));
  assert.ok(at.every((i) => i >= 0));
  const mean = (axis: number) =>
    at.reduce((sum, i) => sum + (FACE_TEMPLATE[2 * i + axis] ?? NaN), 0) / at.length;
  return [mean(0), mean(1)];
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** 68 landmarks that lie exactly on the template, moved by a similarity from the crop to a picture. */
function landmarksIn(toImage: ReturnType<typeof squareToImage>): Float32Array {
  const landmarks = new Float32Array(136);
  for (const [i, landmark] of ALIGNING_LANDMARKS.entries()) {
    landmarks.set(applySimilarity(toImage, FACE_TEMPLATE.slice(2 * i, 2 * i + 2)), 2 * landmark);
  }
  return landmarks;
}

test('49 landmarks: without the jaw and the inner corners of the mouth', () => {
  assert.equal(ALIGNING_LANDMARKS.length, 49);
  assert.equal(FACE_TEMPLATE.length, 98);
  assert.ok([0, 16, 60, 64].every((landmark) => !ALIGNING_LANDMARKS.includes(landmark)));
});

test('the eyes have y = 20, the mouth is 24 pixels below, and all is symmetrical about x = 32', () => {
  const left = meanOf(range(36, 42));
  const right = meanOf(range(42, 48));
  const mouth = meanOf(range(48, 60));
  assert.ok(Math.abs((left[1] + right[1]) / 2 - 20) < 0.01);
  assert.ok(Math.abs(mouth[1] - 44) < 0.01 && Math.abs(mouth[0] - 32) < 0.01);
  assert.ok(Math.abs(left[0] + right[0] - 64) < 0.01);
});

test('the alignment of a turned and scaled template leads back to it', () => {
  const toImage = squareToImage(120, 90, 100, -25, CROP_SIZE);
  const found = alignmentOf(landmarksIn(toImage));
  const expected = invertSimilarity(toImage);
  for (const key of ['a', 'b', 'tx', 'ty'] as const) assert.ok(Math.abs(found[key] - expected[key]) < 1e-3);
});

test('the crop shows the face upright at its place, with a margin around it where one is asked for', () => {
  const toImage = squareToImage(120, 90, 128, 90, CROP_SIZE);
  const landmarks = landmarksIn(toImage);
  const [spotX = 0, spotY = 0] = applySimilarity(toImage, [20, 50]);
  const data = new Uint8Array(240 * 180 * 3);
  for (let y = 0; y < 180; y += 1) {
    for (let x = 0; x < 240; x += 1) {
      if (Math.hypot(x + 0.5 - spotX, y + 0.5 - spotY) < 6)
        data.fill(255, (y * 240 + x) * 3, (y * 240 + x) * 3 + 3);
    }
  }
  const image: RgbImage = { width: 240, height: 180, data };
  const crop = alignedCrop(image, landmarks);
  assert.equal(crop.length, CROP_SIZE ** 2);
  assert.equal(crop[50 * CROP_SIZE + 20], 255);
  assert.equal(crop[50 * CROP_SIZE + 44], 0);
  const wide = alignedCrop(image, landmarks, 8);
  const side = CROP_SIZE + 16;
  assert.equal(wide.length, side ** 2);
  for (let y = 0; y < CROP_SIZE; y += 1) {
    const row = wide.subarray((y + 8) * side + 8, (y + 8) * side + 8 + CROP_SIZE);
    assert.deepEqual(row, crop.subarray(y * CROP_SIZE, (y + 1) * CROP_SIZE));
  }
});

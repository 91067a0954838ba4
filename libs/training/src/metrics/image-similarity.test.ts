import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanDifference, structuralSimilarity } from './image-similarity.js';

const ramp = Float32Array.from({ length: 256 }, (_, i) => (i % 16) / 15);

test('a picture is like itself', () => {
  assert.equal(meanDifference(ramp, ramp), 0);
  assert.ok(Math.abs(structuralSimilarity(ramp, ramp, 16) - 1) < 1e-9);
});

test('flat pictures differ by their means alone', () => {
  const [dark, light] = [new Float32Array(64).fill(0.2), new Float32Array(64).fill(0.8)];
  assert.ok(Math.abs(meanDifference(dark, light) - 0.6) < 1e-6);
  // (2 * 0.16 + C1) / (0.04 + 0.64 + C1), the variances being 0.
  assert.ok(Math.abs(structuralSimilarity(dark, light, 8) - (0.32 + 1e-4) / (0.68 + 1e-4)) < 1e-6);
});

test('a mirrored ramp is unlike', () => {
  assert.ok(
    structuralSimilarity(
      ramp,
      ramp.map((value) => 1 - value),
      16,
    ) < 0.2,
  );
});

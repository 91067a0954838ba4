import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddingDistance, intensityOf } from './intensity.js';

test('distance of a 3-4-5 triangle', () => {
  assert.equal(embeddingDistance([1, 2], [4, 6]), 5);
});

test('intensity is 0 up to the neutral distance, 1 from the strong one on, linear between', () => {
  const scale = { neutral: 1, strong: 5 };
  assert.equal(intensityOf([0], [0.5], scale), 0);
  assert.equal(intensityOf([0], [3], scale), 0.5);
  assert.equal(intensityOf([0], [9], scale), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intensityScale } from './intensity-scale.js';

test('the intensity goes from the median of neutral faces to what one in five expressive ones exceeds', () => {
  assert.deepEqual(intensityScale([0.3, 0.1, 0.2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), {
    neutral: 0.2,
    strong: 9,
  });
});

test('no scale is made of expressive faces that are no farther from their references than neutral ones', () => {
  for (const strong of [0.1, 0.2, 0]) {
    assert.throws(() => intensityScale([0.2, 0.2], [strong, strong]), {
      code: 'E_TRAINING',
      message: /no farther from their references/,
      advice: /--references/,
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betweenLips, hasOpened, hasTurned } from './open-mouth.js';

/** A mouth 20 pixels wide around (48, 70) whose inner lips are `gap` apart, under eyes and a nose that `shift` moves. */
function face(gap: number, shift = 0): Float32Array {
  const points = new Float32Array(136);
  const put = (i: number, x: number, y: number): void => {
    points.set([x, y], 2 * i);
  };
  for (let i = 0; i < 48; i += 1) put(i, 20 + i + shift, 30);
  put(48, 38, 70);
  put(54, 58, 70);
  put(60, 40, 70);
  put(64, 56, 70);
  [61, 62, 63].forEach((i, k) => {
    put(i, 44 + 4 * k, 70 - gap / 2);
  });
  [67, 66, 65].forEach((i, k) => {
    put(i, 44 + 4 * k, 70 + gap / 2);
  });
  return points;
}

test('a mouth has opened that was closed and is open', () => {
  assert.equal(hasOpened(face(0), face(8)), true);
  assert.equal(hasOpened(face(0), face(1)), false);
  assert.equal(hasOpened(face(8), face(8)), false);
});

test('a head has turned when eyes and nose moved, not when the mouth did', () => {
  assert.equal(hasTurned(face(0), face(8)), false);
  assert.equal(hasTurned(face(0), face(0, 3)), true);
});

test('what lies between the lips is the opening and a soft pixel around it', () => {
  const open = face(8);
  assert.equal(betweenLips(open, 48, 70), 1);
  assert.equal(betweenLips(open, 48, 73.9), 1);
  assert.ok(Math.abs(betweenLips(open, 48, 74.5) - 0.5) < 1e-6);
  assert.equal(betweenLips(open, 48, 76), 0);
  assert.equal(betweenLips(open, 30, 70), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tf } from '../backend.js';
import { expressionInput } from '../datasets/expression-input.js';
import { createRandom } from '../random.js';
import { equalizeTensor, expressionTensor } from './expression-tensor.js';

test('on the tape the preprocessing gives what it gives at run time', () => {
  const random = createRandom(1);
  const pixels = Float32Array.from({ length: 3600 }, (_, i) =>
    Math.floor(60 + (i % 60) + 80 * random.next()),
  );
  const expected = expressionInput(pixels);
  const actual = expressionTensor(
    tf.tensor4d(
      pixels.map((level) => level / 255),
      [1, 60, 60, 1],
    ),
  ).dataSync<'float32'>();
  const difference = actual.reduce(
    (greatest, value, i) => Math.max(greatest, Math.abs(value - (expected[i] ?? 0))),
    0,
  );
  assert.ok(difference < 1e-3, `${difference}`);
});

test('the gradient of equalisation is the slope of the mapping', () => {
  // All levels equally often: the mapping is the line 255 x, so is its slope.
  const face = tf.tensor4d(
    Float32Array.from({ length: 256 }, (_, i) => i / 255),
    [1, 16, 16, 1],
  );
  const slope = tf
    .grad((x) => tf.sum(equalizeTensor(x as typeof face)))(face)
    .dataSync<'float32'>();
  for (const value of slope.slice(10, 246)) assert.ok(Math.abs(value - 255) < 1);
});

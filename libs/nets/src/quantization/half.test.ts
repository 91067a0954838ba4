import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conv, createGraph, encodeModel, graphInput, graphOutput } from '../onnx/index.js';
import { onnxruntimeEngine } from '../sessions/onnxruntime-engine.js';
import { floatOutput } from '../sessions/session.js';
import { noise } from '../sessions/test-task.js';
import { fromHalf, storeHalf, toHalf } from './half.js';

test('halves have the bits that IEEE 754 gives them', () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [1 / 3, 0x3555],
    // The greatest; what rounds to it; what rounds to infinity.
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [Infinity, 0x7c00],
    [-1e30, 0xfc00],
    // The least normal number, the greatest below it, the least of all; half of that is a tie and goes to zero.
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -24, 0x03ff],
    [2 ** -24, 0x0001],
    [2 ** -25, 0],
    [2 ** -25 * 1.01, 0x0001],
    // Ties go to even.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ];
  assert.deepEqual(
    [...toHalf(Float32Array.from(cases, ([value]) => value))],
    cases.map(([, bits]) => bits),
  );
  const [nan = 0] = toHalf(Float32Array.of(NaN));
  assert.ok(Number.isNaN(fromHalf(Uint16Array.of(nan))[0]));
});

test('every half comes back from 32 bits as itself', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7fff) <= 0x7c00,
  );
  assert.deepEqual(toHalf(fromHalf(all)), all);
});

test('a network with halved weights is half the size and gives nearly the same', async () => {
  const graph = createGraph('test');
  const x = graphInput(graph, 'x', ['N', 8, 9, 9]);
  const filters = { shape: [3, 3, 8, 32], data: noise(9 * 8 * 32, 1) };
  graphOutput(graph, conv(graph, x, filters, noise(32, 2)), 'y', ['N', 32, 9, 9]);
  const model = encodeModel(graph);
  const stored = encodeModel(storeHalf(graph));
  assert.ok(stored.length < 0.6 * model.length);
  const outputs: Float32Array[] = [];
  for (const bytes of [model, stored]) {
    const session = await onnxruntimeEngine('cpu').open(bytes);
    outputs.push(
      floatOutput(await session.run({ x: { dims: [1, 8, 9, 9], data: noise(648, 3) } }), 'y').data,
    );
    await session.release();
  }
  const worst = Math.max(...(outputs[0] ?? []).map((value, i) => Math.abs(value - (outputs[1]?.[i] ?? NaN))));
  assert.ok(worst > 0 && worst < 0.01, `differs by ${worst}`);
});

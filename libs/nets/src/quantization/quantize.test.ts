import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipHngNetwork } from '../hng/hng-network.js';
import { residualFerNetwork } from '../fer/fer-network.js';
import {
  add,
  averagePool,
  constant,
  conv,
  createGraph,
  encodeModel,
  flatten,
  gemm,
  graphInput,
  graphOutput,
  leakyRelu,
  maxPool,
  relu,
  resize,
  type Graph,
} from '../onnx/index.js';
import { onnxruntimeEngine } from '../sessions/onnxruntime-engine.js';
import { floatOutput, type Tensors } from '../sessions/session.js';
import { noise } from '../sessions/test-task.js';
import { calibrate } from './calibrate.js';
import { quantize } from './quantize.js';
import { sensitiveLayers } from './sensitive-layers.js';

const engine = onnxruntimeEngine('cpu');

/** Every kind of layer that becomes integers, with weights of very different sizes from channel to channel. */
function smallNetwork(): Graph {
  const graph = createGraph('test');
  const filters = (input: number, output: number, seed: number) => ({
    shape: [3, 3, input, output],
    data: noise(9 * input * output, seed).map((value, i) => (value * (1 + (i % output))) / (3 * output)),
  });
  let x = graphInput(graph, 'x', ['N', 3, 16, 16]);
  x = relu(graph, conv(graph, x, filters(3, 16, 1), noise(16, 2), { name: 'first' }));
  const inner = conv(graph, x, filters(16, 16, 3), noise(16, 4), { name: 'second' });
  x = leakyRelu(graph, add(graph, x, inner), 0.1);
  x = maxPool(graph, averagePool(graph, x, 2), 2);
  x = conv(graph, resize(graph, x, { scale: 2 }), filters(16, 16, 5), null, { name: 'third' });
  const dense = { shape: [1024, 10], data: noise(10240, 6) };
  graphOutput(graph, gemm(graph, flatten(graph, x), dense, noise(10, 7), 'last'), 'y', ['N', 10]);
  return graph;
}

const model = smallNetwork();
const inputs: readonly Tensors[] = [1, 2, 3, 4].map((seed) => ({
  x: { dims: [4, 3, 16, 16], data: noise(4 * 3 * 256, seed) },
}));

async function outputsOf(graph: Graph): Promise<Float32Array> {
  const session = await engine.open(encodeModel(graph));
  const { data } = floatOutput(await session.run(inputs[3] ?? {}), 'y');
  await session.release();
  return data;
}

/** Root of the mean squared difference over that of the numbers themselves. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const sum = (of: (value: number, i: number) => number) =>
    expected.reduce((s, v, i) => s + of(v, i) ** 2, 0);
  return Math.sqrt(sum((value, i) => value - (actual[i] ?? NaN)) / sum((value) => value));
}

test('a range is from the least to the greatest number of all batches', async () => {
  const graph = createGraph('test');
  const x = graphInput(graph, 'x', ['N', 2]);
  graphOutput(graph, add(graph, x, constant(graph, Float32Array.of(1, 10), [2])), 'y', ['N', 2]);
  const batch = (...values: number[]): Tensors => ({ x: { dims: [1, 2], data: Float32Array.from(values) } });
  const ranges = await calibrate(engine, graph, [batch(0, 1), batch(-5, 2)]);
  assert.deepEqual(ranges['x'], [-5, 2]);
  assert.deepEqual(ranges['y'], [-4, 12]);
});

test('integers give nearly what floats give, in a third of the size', async () => {
  const ranges = await calibrate(engine, model, inputs);
  const integers = quantize(model, ranges);
  const error = relativeError(await outputsOf(integers), await outputsOf(model));
  assert.ok(error > 0 && error < 0.03, `relative error ${error}`);
  const [after, before] = [integers, model].map((graph) => encodeModel(graph).length);
  assert.ok((after ?? 0) < 0.45 * (before ?? 0), `${after ?? 0} of ${before ?? 0} bytes`);
});

test('the runtime computes with integers: no convolution of floats is left', async () => {
  const ranges = await calibrate(engine, model, inputs);
  const graph = quantize(model, ranges);
  const givenBy = new Map(graph.nodes.map((each) => [each.output, each.operator]));
  for (const { operator, inputs: names } of graph.nodes) {
    if (operator !== 'Conv' && operator !== 'Gemm') continue;
    assert.deepEqual(
      names.map((name) => givenBy.get(name)),
      names.map(() => 'DequantizeLinear'),
    );
  }
  // Rectifiers round together with the convolution before them.
  assert.equal(givenBy.get('first'), 'Conv');
  assert.ok(!graph.nodes.some((each) => each.operator === 'QuantizeLinear' && each.inputs[0] === 'first'));
});

test('layers that are named stay as they are', async () => {
  const ranges = await calibrate(engine, model, inputs);
  const none = quantize(model, ranges, ['first', 'second', 'third', 'last']);
  assert.deepEqual(await outputsOf(none), await outputsOf(model));
  const some = quantize(model, ranges, ['first', 'last']);
  const all = quantize(model, ranges);
  const floats = await outputsOf(model);
  assert.ok(relativeError(await outputsOf(some), floats) < relativeError(await outputsOf(all), floats));
});

test('a channel whose weights are zero keeps its bias', async () => {
  const graph = createGraph('test');
  const x = graphInput(graph, 'x', ['N', 1, 4, 4]);
  const filters = { shape: [1, 1, 1, 2], data: Float32Array.of(0, 1) };
  graphOutput(graph, conv(graph, x, filters, Float32Array.of(0.75, 0), { name: 'c' }), 'y', ['N', 2, 4, 4]);
  const batch = { x: { dims: [1, 1, 4, 4], data: noise(16, 1) } };
  const integers = quantize(graph, await calibrate(engine, graph, [batch]));
  const session = await engine.open(encodeModel(integers));
  const { data } = floatOutput(await session.run(batch), 'y');
  await session.release();
  for (const value of data.subarray(0, 16)) assert.ok(Math.abs(value - 0.75) < 0.01, `${value}`);
});

test('a network that was not calibrated is refused', () => {
  assert.throws(() => quantize(model, {}), /was not calibrated/);
});

test('what sees the picture, draws one or ends in numbers that are compared stays in floats', () => {
  assert.deepEqual(sensitiveLayers(skipHngNetwork()), ['enc/conv64', 'dec/flow', 'dec/change']);
  assert.deepEqual(sensitiveLayers(residualFerNetwork()), [
    'conv32_down',
    ...['fc2', 'fc3', 'logits', 'p1', 'p2', 'fc5'],
  ]);
});

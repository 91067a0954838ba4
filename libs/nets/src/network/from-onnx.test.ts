import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inceptionFerNetwork, inceptionSmall, residualFerNetwork } from '../fer/fer-network.js';
import { buildFerModel } from '../fer/fer-model.js';
import { buildHngModel } from '../hng/hng-model.js';
import { plainHngNetwork, skipHngNetwork } from '../hng/hng-network.js';
import { encodeModel, readModel } from '../onnx/index.js';
import { calibrate } from '../quantization/calibrate.js';
import { fromHalf, storeHalf, toHalf } from '../quantization/half.js';
import { quantize } from '../quantization/quantize.js';
import { sensitiveLayers } from '../quantization/sensitive-layers.js';
import { onnxruntimeEngine } from '../sessions/onnxruntime-engine.js';
import { noise } from '../sessions/test-task.js';
import { parametersFrom } from './from-onnx.js';
import type { Network } from './network.js';
import { parameterShapes, type Parameters } from './parameters.js';

function someParameters(network: Network): Parameters {
  return new Map(
    [...parameterShapes(network)].map(([name, shape], seed) => {
      const count = shape.reduce((product, side) => product * side, 1);
      // As large as keeps what comes out of a layer as large as what went in; a variance is positive.
      const size = Math.sqrt((3 * (shape.at(-1) ?? 1)) / count);
      const data = noise(count, seed).map((value) =>
        name.endsWith('/variance') ? 1 + value / 2 : size * value,
      );
      return [name, { shape, data }];
    }),
  );
}

const toModel = (network: Network, parameters: Parameters): Uint8Array =>
  network.outputs['reference'] === undefined
    ? buildFerModel(network, parameters, { temperature: 1.3, mirror: true })
    : buildHngModel(network, parameters);

const networks = [
  residualFerNetwork(60),
  inceptionFerNetwork(inceptionSmall),
  skipHngNetwork(),
  plainHngNetwork(32),
];

test('a model gives back the parameters that it was built of', () => {
  for (const network of networks) {
    const parameters = someParameters(network);
    const read = parametersFrom(readModel(toModel(network, parameters)), network);
    assert.deepEqual([...read.keys()], [...parameters.keys()], network.name);
    for (const [name, { shape, data }] of parameters) {
      if (name.includes('batch-norm')) continue;
      assert.deepEqual(read.get(name), { shape, data }, `${network.name} ${name}`);
    }
  }
});

test('batch norm comes back as another one of the same effect', () => {
  const network = plainHngNetwork(32);
  const model = toModel(network, someParameters(network));
  const again = readModel(toModel(network, parametersFrom(readModel(model), network)));
  for (const [name, { data }] of readModel(model).constants) {
    const other = again.constants.get(name)?.data;
    assert.ok(
      data instanceof Float32Array
        ? data.every((value, i) => Math.abs(value - Number(other?.[i])) <= 1e-6 * Math.abs(value))
        : other?.length === data.length,
      name,
    );
  }
});

test('weights in 16 bits come back as those 16 bits', () => {
  const network = skipHngNetwork();
  const parameters = someParameters(network);
  const read = parametersFrom(storeHalf(readModel(toModel(network, parameters))), network);
  for (const [name, { shape, data }] of parameters) {
    const expected = name.endsWith('/weights') ? fromHalf(toHalf(data)) : data;
    assert.deepEqual(read.get(name), { shape, data: expected }, name);
  }
});

test('weights in integers come back to half a step, and make the same integers again', async () => {
  const network = residualFerNetwork(60);
  const parameters = someParameters(network);
  const inputs = [{ face: { dims: [2, 1, 60, 60], data: noise(2 * 3600, 1) } }];
  const float32 = readModel(toModel(network, parameters));
  const ranges = await calibrate(onnxruntimeEngine('cpu'), float32, inputs);
  const toIntegers = (model: Uint8Array) => quantize(readModel(model), ranges, sensitiveLayers(network));
  const integers = toIntegers(encodeModel(float32));
  const read = parametersFrom(integers, network);
  for (const [name, { data }] of parameters) {
    // The step of a bias is that of its layer's sums.
    if (name.endsWith('/bias')) continue;
    const most = data.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
    const found = read.get(name)?.data;
    assert.ok(
      data.every((value, i) => Math.abs(value - (found?.[i] ?? NaN)) <= most / 127 / 2 + 1e-6),
      name,
    );
  }
  const again = toIntegers(toModel(network, read));
  for (const [name, { data }] of integers.constants) {
    if (name.endsWith('.stored')) assert.deepEqual(again.constants.get(name)?.data, data, name);
  }
});

test('another network’s model is refused', () => {
  const [residual = skipHngNetwork(), inception = skipHngNetwork()] = networks;
  const model = readModel(toModel(inception, someParameters(inception)));
  assert.throws(() => parametersFrom(model, residual), RangeError);
  const other = residualFerNetwork(96);
  assert.throws(
    () => parametersFrom(readModel(toModel(residual, someParameters(residual))), other),
    RangeError,
  );
});

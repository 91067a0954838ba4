import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inceptionFerNetwork, inceptionSmall, inceptionStd, residualFerNetwork } from '../fer/fer-network.js';
import { discriminatorNetwork, plainHngNetwork, skipHngNetwork } from '../hng/hng-network.js';
import { lightCnnNetwork } from '../recognition/light-cnn.js';
import { networkBuilder } from './network-builder.js';
import { shapeOf, type Network } from './network.js';
import { multiplyAccumulates, parameterCount, parameterShapes } from './parameters.js';

function outputShape(network: Network, output: string): string {
  return shapeOf(network, network.outputs[output] ?? '').join('x');
}

function size(network: Network): [millions: string, mmac: string] {
  return [(parameterCount(network) / 1e6).toFixed(2), (multiplyAccumulates(network) / 1e6).toFixed(0)];
}

test('the paper’s networks have the sizes of the design table', () => {
  assert.deepEqual(size(inceptionFerNetwork(inceptionStd)), ['2.86', '185']);
  assert.deepEqual(size(inceptionFerNetwork(inceptionSmall)), ['0.40', '15']);
  assert.deepEqual(size(plainHngNetwork(64)), ['11.26', '265']);
  assert.deepEqual(size(plainHngNetwork(32)), ['3.87', '68']);
  assert.deepEqual(size(discriminatorNetwork(64)), ['2.76', '102']);
  assert.deepEqual(size(lightCnnNetwork()), ['1.74', '197']);
});

test('outputs have the shapes that the runtime expects', () => {
  for (const network of [residualFerNetwork(96), inceptionFerNetwork(inceptionStd)]) {
    assert.equal(outputShape(network, 'logits'), '1x1x8');
  }
  assert.equal(outputShape(residualFerNetwork(96), 'embedding'), '1x1x64');
  for (const network of [skipHngNetwork(), plainHngNetwork(32)])
    assert.equal(outputShape(network, 'reference'), '64x64x1');
  assert.equal(outputShape(lightCnnNetwork(), 'identity'), '1x1x256');
});

test('the released generator is small enough to run for every face', () => {
  assert.ok(multiplyAccumulates(skipHngNetwork()) < 62e6);
});

test('parameters are named and shaped by their layers', () => {
  const net = networkBuilder('tiny', { name: 'x', shape: [8, 8, 3] });
  const y = net.dense(
    net.flatten(
      net.maxPool(net.batchNorm(net.conv('x', 'a', 4, 3, { stride: 2, padding: 'valid' })), 2, 2, 'same'),
    ),
    'b',
    5,
    { bias: false },
  );
  const network = net.build({ y });
  assert.deepEqual(
    [...parameterShapes(network)].map(([name, shape]) => `${name} ${shape.join('x')}`),
    [
      'a/weights 3x3x3x4',
      'a/bias 4',
      'a/batch-norm/scale 4',
      'a/batch-norm/offset 4',
      'a/batch-norm/mean 4',
      'a/batch-norm/variance 4',
      'b/weights 16x5',
    ],
  );
  // Means and variances are measured, not learnt.
  assert.equal(parameterCount(network), 108 + 4 + 4 + 4 + 80);
  assert.equal(multiplyAccumulates(network), 3 * 3 * 4 * 27 + 80);
});

test('what does not fit is refused where it is described', () => {
  const net = networkBuilder('tiny', { name: 'x', shape: [8, 8, 3] });
  net.conv('x', 'a', 4, 3);
  assert.throws(() => net.conv('x', 'a', 4, 3), /two layers are named a/);
  assert.throws(() => net.add(['x', 'a']), /shapes differ/);
  assert.throws(() => net.dense('a', 'b', 3), /flatten/);
  assert.throws(() => net.relu('nothing'), /no layer named nothing/);
  assert.throws(() => net.conv('x', 'b', 4, 9, { padding: 'valid' }), /shape/);
});

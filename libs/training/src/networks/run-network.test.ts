import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  buildFerModel,
  buildHngModel,
  inceptionFerNetwork,
  inceptionSmall,
  plainHngNetwork,
  residualFerNetwork,
  skipHngNetwork,
  type Network,
} from '@deadpan/nets';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { leakyRelu, relu } from '../kernels/activation.js';
import { batchNorm } from '../kernels/batch-norm.js';
import { addBias } from '../kernels/bias.js';
import { gradientError } from '../losses/finite-difference.js';
import { createRandom, normal } from '../random.js';
import { runNetwork } from './run-network.js';
import { createVariables, readParameters } from './variables.js';

interface Ort {
  InferenceSession: {
    create(model: Uint8Array): Promise<{
      run(feeds: object): Promise<Record<string, { data: Float32Array }>>;
      release(): Promise<void>;
    }>;
  };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
}
// The runtime's own engine, here as the reference for what was trained; its maker need not know.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const ort = createRequire(import.meta.resolve('@deadpan/nets'))('onnxruntime-node') as Ort;

function draw(seed: number, count: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => normal(random));
}

async function greatestDifference(
  network: Network,
  model: Uint8Array,
  output: string,
  expected: (x: Tensor4D) => Float32Array,
  input: Float32Array,
): Promise<number> {
  const [height, width, channels] = network.input.shape;
  const batch = input.length / (height * width * channels);
  const session = await ort.InferenceSession.create(model);
  const outputs = await session.run({
    face: new ort.Tensor('float32', input, [batch, channels, height, width]),
  });
  const actual = outputs[output]?.data ?? new Float32Array(0);
  const wanted = tf.tidy(() => expected(tf.tensor4d(input, [batch, height, width, channels])));
  await session.release();
  assert.equal(actual.length, wanted.length);
  return actual.reduce((greatest, value, i) => Math.max(greatest, Math.abs(value - (wanted[i] ?? 0))), 0);
}

for (const network of [residualFerNetwork(96), inceptionFerNetwork(inceptionSmall)]) {
  test(`${network.name}: onnxruntime gives what TensorFlow gives`, async () => {
    const variables = createVariables(network, createRandom(1));
    const model = buildFerModel(network, readParameters(variables), { temperature: 1.5, mirror: false });
    const input = draw(2, 3 * 60 * 60);
    const probabilities = (x: Tensor4D): Float32Array =>
      tf
        .softmax(tf.div(runNetwork(network, variables, x)['logits'] ?? tf.scalar(0), 1.5))
        .dataSync<'float32'>();
    assert.ok((await greatestDifference(network, model, 'probabilities', probabilities, input)) < 1e-4);
    const embedding = (x: Tensor4D): Float32Array =>
      runNetwork(network, variables, x)['embedding']?.dataSync<'float32'>() ?? new Float32Array(0);
    assert.ok((await greatestDifference(network, model, 'embedding', embedding, input)) < 1e-2);
  });
}

for (const network of [skipHngNetwork(), plainHngNetwork(32)]) {
  test(`${network.name}: onnxruntime gives what TensorFlow gives`, async () => {
    const variables = createVariables(network, createRandom(3));
    const model = buildHngModel(network, readParameters(variables));
    const input = draw(4, 2 * 64 * 64).map((value) => Math.min(1, Math.max(0, 0.5 + 0.2 * value)));
    const reference = (x: Tensor4D): Float32Array =>
      tf
        .clipByValue(runNetwork(network, variables, x)['reference'] ?? tf.scalar(0), 0, 1)
        .dataSync<'float32'>();
    assert.ok((await greatestDifference(network, model, 'reference', reference, input)) < 1e-4);
  });
}

test('native kernels have the gradients of finite differences', () => {
  const x = tf.tensor4d(draw(5, 24), [2, 2, 2, 3]);
  const weights = tf.tensor4d(draw(6, 24), [2, 2, 2, 3]);
  const weighted = (y: Tensor4D) => tf.sum(tf.mul(y, weights)).asScalar();
  assert.ok(gradientError((a) => weighted(relu(a as Tensor4D)), [x]) < 0.01);
  assert.ok(gradientError((a) => weighted(leakyRelu(a as Tensor4D, 0.1)), [x]) < 0.01);
  assert.ok(
    gradientError((a, b) => weighted(addBias(a as Tensor4D, b as never)), [x, tf.tensor1d(draw(7, 3))]) <
      0.01,
  );
  const norm = (a: unknown, scale: unknown, offset: unknown) =>
    weighted(batchNorm(a as Tensor4D, scale as never, offset as never).value);
  assert.ok(
    gradientError(
      (a, scale, offset) => norm(a, scale, offset),
      [x, tf.tensor1d([1, 2, 0.5]), tf.tensor1d(draw(8, 3))],
    ) < 0.02,
  );
});

test('dropout is off at run time, on in training, and the same for the same seed', () => {
  const network = inceptionFerNetwork(inceptionSmall);
  const variables = createVariables(network, createRandom(9));
  const x = tf.tensor4d(draw(10, 3600), [1, 60, 60, 1]);
  const run = (training: boolean, seed: number): string =>
    String(runNetwork(network, variables, x, { training, seed })['logits']?.dataSync().join());
  assert.equal(run(false, 1), run(false, 2));
  assert.equal(run(true, 1), run(true, 1));
  assert.notEqual(run(true, 1), run(true, 2));
});

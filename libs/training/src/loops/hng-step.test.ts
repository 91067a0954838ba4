import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rank } from '@tensorflow/tfjs-node';
import { ENCODER_PREFIX, plainHngNetwork, skipHngNetwork } from '@deadpan/nets';
import { tf } from '../backend.js';
import { createVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import { generatorGradients } from './hng-step.js';

for (const network of [skipHngNetwork(), plainHngNetwork(8)]) {
  const model = { network, variables: createVariables(network, createRandom(1)) };
  const inputs = tf.randomUniform<Rank.R4>([4, 64, 64, 1], 0, 1, 'float32', 2);
  const direction = tf.randomNormal([4, 64, 64, 1], 0, 1, 'float32', 3);
  const none = tf.zeros([4, 64, 64, 1]);
  const touched = (
    gradients: Record<string, { abs(): { max(): { dataSync(): ArrayLike<number> } } }>,
    encoder: boolean,
  ): boolean[] =>
    Object.entries(gradients)
      .filter(([name]) => name.startsWith(ENCODER_PREFIX) === encoder && name.endsWith('/weights'))
      .map(([, gradient]) => (gradient.abs().max().dataSync()[0] ?? 0) > 0);

  test(`${network.name}: content gradients reach encoder and decoder`, () => {
    const gradients = generatorGradients(model, inputs, direction, none);
    assert.ok(touched(gradients, true).every(Boolean));
    assert.ok(touched(gradients, false).every(Boolean));
  });

  test(`${network.name}: adversarial and symmetry gradients reach the decoder, never the encoder`, () => {
    const gradients = generatorGradients(model, inputs, none, direction);
    assert.ok(touched(gradients, true).every((reached) => !reached));
    assert.ok(touched(gradients, false).every(Boolean));
  });

  test(`${network.name}: the two signals add up in the decoder`, () => {
    const [both, content, adversarial] = [
      generatorGradients(model, inputs, direction, direction),
      generatorGradients(model, inputs, direction, none),
      generatorGradients(model, inputs, none, direction),
    ];
    const name = Object.keys(both).find((key) => key.startsWith('dec/') && key.endsWith('/weights')) ?? '';
    const sum = tf.add(content[name] ?? none, adversarial[name] ?? none);
    const scale = sum.abs().max().dataSync()[0] ?? 1;
    const difference =
      tf
        .sub(both[name] ?? none, sum)
        .abs()
        .max()
        .dataSync()[0] ?? 1;
    assert.ok(difference < 1e-4 * scale);
  });
}

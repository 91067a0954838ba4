import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  discriminatorNetwork,
  ENCODER_PREFIX,
  plainHngNetwork,
  readFaceApiWeights,
  recognitionNetwork,
  recognitionParameters,
  skipHngNetwork,
  type Network,
} from '@deadpan/nets';
import type { Rank, Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { createVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import type { HngRecipe } from '../recipe.js';
import { hngStep, type HngBatch, type HngModels, type HngStep } from './hng-step.js';
import { hngRecipeUnderTest } from './recipes-under-test.js';

/* Which losses of a step teach which part of the generator (Algorithm 1), and which faces have which losses. */

const recognition = recognitionNetwork();
const nothing = {
  feature: 0,
  identity: 0,
  pixel: 0,
  symmetry: 0,
  adversarial: 0,
  expression: 0,
  change: 0,
};

function recipeOf(
  weights: Partial<HngRecipe['weights']>,
  symmetrySpace: HngRecipe['symmetrySpace'] = 'pixel',
): HngRecipe {
  return hngRecipeUnderTest({
    seed: 1,
    sources: [{ cache: 'none' }],
    mix: { pairs: 1, loosePairs: 1, neutral: 0, alone: 2 },
    weights: { ...nothing, ...weights },
    symmetrySpace,
    schedule: { peak: 1e-3, warmUp: 0, steps: 1, floor: 1 },
    checkpointEvery: 1,
    gridEvery: 1,
  });
}

function modelsOf(network: Network): HngModels {
  const discriminator = discriminatorNetwork(4);
  return {
    generator: { network, variables: createVariables(network, createRandom(1)) },
    discriminator: { network: discriminator, variables: createVariables(discriminator, createRandom(2)) },
    recognition: {
      network: recognition,
      variables: createVariables(
        recognition,
        createRandom(3),
        recognitionParameters(readFaceApiWeights('face_recognition')),
      ),
    },
    expression: undefined,
  };
}

function faces(count: number, seed: number): Tensor4D {
  return tf.randomUniform<Rank.R4>([count, 64, 64, 1], 0, 1, 'float32', seed);
}

/** A pair in the same light, a pair in another light, and two faces without a partner. */
const batch: HngBatch = {
  inputs: faces(4, 4),
  targets: faces(2, 5),
  exact: 1,
  guiding: faces(4, 6),
  crop: [2, 2],
  noise: tf.zeros([4, 60, 60, 1]),
};

const greatest = (tensor: Tensor): number => tensor.abs().max().dataSync<'float32'>()[0] ?? NaN;

/** The greatest gradient of each weight of a part; 0 for weights that have none. */
function gradientsOf(
  { network, variables }: HngModels['generator'],
  step: HngStep,
  encoder: boolean,
): number[] {
  const names = [...variables.keys()].filter(
    (name) => name.startsWith(ENCODER_PREFIX) === encoder && !/\/(mean|variance)$/.test(name),
  );
  assert.ok(names.length > 0, network.name);
  return names.map((name) => {
    const gradient = step.generator[name];
    return gradient === undefined ? 0 : greatest(gradient);
  });
}

for (const network of [skipHngNetwork(), plainHngNetwork(8)]) {
  const models = modelsOf(network);

  for (const [signal, space] of [
    ['symmetry', 'pixel'],
    ['symmetry', 'laplacian'],
    ['adversarial', 'pixel'],
  ] as const) {
    test(`${network.name}: ${signal} (${space}) alone teaches the decoder, and the encoder nothing`, () => {
      const step = hngStep(models, batch, recipeOf({ [signal]: 1 }, space), 0);
      assert.ok((step.terms[signal] ?? 0) > 0);
      assert.ok(gradientsOf(models.generator, step, true).every((gradient) => gradient === 0));
      assert.ok(Math.max(...gradientsOf(models.generator, step, false)) > 0);
      assert.equal(step.discriminator !== undefined, signal === 'adversarial');
    });
  }

  for (const signal of ['feature', 'identity', 'pixel'] as const) {
    test(`${network.name}: ${signal} alone teaches encoder and decoder, and the discriminator nothing`, () => {
      const step = hngStep(models, batch, recipeOf({ [signal]: 1 }), 0);
      assert.ok((step.terms[signal] ?? 0) > 0);
      assert.ok(Math.max(...gradientsOf(models.generator, step, true)) > 0);
      assert.ok(Math.max(...gradientsOf(models.generator, step, false)) > 0);
      assert.equal(step.discriminator, undefined);
    });
  }

  test(`${network.name}: beside the content, symmetry and adversary change nothing in the encoder's step`, () => {
    const content = { feature: 1, identity: 0.03, pixel: 1 };
    const [without, beside] = [content, { ...content, symmetry: 0.3, adversarial: 0.1 }].map((weights) =>
      hngStep(models, batch, recipeOf(weights), 0),
    );
    assert.ok(without && beside);
    let decoderMoved = false;
    for (const [name, gradient] of Object.entries(without.generator)) {
      const other = beside.generator[name];
      assert.ok(other, name);
      const difference = greatest(tf.sub(gradient, other));
      if (name.startsWith(ENCODER_PREFIX)) assert.equal(difference, 0, name);
      else decoderMoved ||= difference > 0;
    }
    assert.ok(decoderMoved);
  });
}

test('a face without a neutral partner has no pixel and no feature term, only those that need no partner', () => {
  // Not the plain network: its batch norm lets every face of a batch change all the others.
  const models = modelsOf(skipHngNetwork());
  const recipe = recipeOf({ feature: 1, identity: 1, pixel: 1, symmetry: 1, adversarial: 1 });
  const others = { ...batch, inputs: tf.concat([batch.inputs.slice(0, 2), faces(2, 7)]) };
  const [before, after] = [batch, others].map((each) => hngStep(models, each, recipe, 0).terms);
  assert.ok(before && after);
  for (const name of ['pixel', 'feature']) assert.equal(after[name], before[name], name);
  for (const name of ['identity', 'symmetry', 'adversarial', 'change'])
    assert.notEqual(after[name], before[name], name);

  // Nor do they teach anything by these terms.
  const content = recipeOf({ feature: 1, pixel: 1 });
  const [taught, same] = [batch, others].map((each) => hngStep(models, each, content, 0).generator);
  assert.ok(taught && same);
  for (const [name, gradient] of Object.entries(taught)) {
    const difference = greatest(tf.sub(gradient, same[name] ?? tf.zerosLike(gradient)));
    assert.ok(difference <= 1e-6 * greatest(gradient), `${name} differs by ${difference}`);
  }
});

test('a pair in another light has a feature term and no pixel term', () => {
  const models = modelsOf(skipHngNetwork());
  const recipe = recipeOf({ feature: 1, pixel: 1 });
  const other = { ...batch, targets: tf.concat([batch.targets.slice(0, 1), faces(1, 8)]) };
  const [before, after] = [batch, other].map((each) => hngStep(models, each, recipe, 0).terms);
  assert.equal(after?.['pixel'], before?.['pixel']);
  assert.notEqual(after?.['feature'], before?.['feature']);
});

test('a batch of faces without a partner is taught by what needs none', () => {
  const models = modelsOf(skipHngNetwork());
  const alone = { ...batch, targets: tf.zeros<Rank.R4>([0, 64, 64, 1]), exact: 0 };
  const step = hngStep(models, alone, recipeOf({ feature: 1, identity: 1, pixel: 1 }), 0);
  assert.deepEqual(Object.keys(step.terms).sort(), ['change', 'identity']);
  assert.ok(Object.values(step.terms).every((term) => term > 0));
  const gradients = gradientsOf(models.generator, step, true);
  assert.ok(Math.max(...gradients) > 0 && gradients.every(Number.isFinite));
});

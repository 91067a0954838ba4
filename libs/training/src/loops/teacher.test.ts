import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipHngNetwork, type Network } from '@deadpan/nets';
import { generatorSide } from '../datasets/hng-pools.js';
import { ferNetworkNamed } from '../networks/fer-networks.js';
import { createVariables } from '../networks/variables.js';
import { createRandom, uniform } from '../random.js';
import type { Model } from './hng-step.js';
import { referencesOf } from './references-of.js';
import { createTeacher } from './teacher.js';

const modelOf = (network: Network): Model => ({
  network,
  variables: createVariables(network, createRandom(3)),
});
const generator = modelOf(skipHngNetwork());
const expression = modelOf(ferNetworkNamed('inception-small'));
const random = createRandom(1);
const faces = Array.from({ length: 3 }, () =>
  Float32Array.from({ length: generatorSide ** 2 }, () => uniform(random, 0.2, 0.8)),
);
const passes = (count: number): Float32Array[] => {
  let read: Float32Array[] = faces;
  for (let pass = 0; pass < count; pass++) read = referencesOf(generator, read);
  return [...read];
};

test('a teacher reads its own output again only where that is not neutral enough, and not for ever', () => {
  const answers = (most: number, share: number): Float32Array[] =>
    createTeacher(generator, expression, most, share).answersTo(faces);
  assert.notDeepEqual(passes(1), passes(2));
  assert.deepEqual(answers(5, 0), passes(1));
  assert.deepEqual(answers(1, 1), passes(1));
  assert.deepEqual(answers(3, 1), passes(3));
});

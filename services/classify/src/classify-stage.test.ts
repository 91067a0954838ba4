import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  buildFerModel,
  createInferencePool,
  inceptionFerNetwork,
  inceptionSmall,
  parameterShapes,
  type FerArtifact,
} from '@deadpan/nets';
import { CLASSES, type FacePair } from '@deadpan/shared';

import { createClassifyStage } from './classify-stage.js';

/* A small network with fixed random weights: what is tested is the way there and back, not what it says. */
let seed = 1;
const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
const network = inceptionFerNetwork(inceptionSmall);
const parameters = new Map(
  [...parameterShapes(network)].map(([name, shape]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const spread = Math.sqrt(2 / (count / (shape.at(-1) ?? 1)));
    return [name, { shape, data: Float32Array.from({ length: count }, () => (random() - 0.5) * 3 * spread) }];
  }),
);
const artifact: FerArtifact = {
  kind: 'fer',
  name: 'test',
  version: '1',
  sha256: '0'.repeat(64),
  weights: 'float32',
  recipe: 'none',
  dataSets: [],
  metrics: {},
  labels: [...CLASSES] as unknown as FerArtifact['labels'],
  inputSize: 60,
  normalisation: 'equalize-plane-standardize',
  embeddingSize: inceptionSmall.head.embedding,
  temperature: 1,
  intensity: { neutral: 0, strong: 1000 },
};
const pool = createInferencePool({ workers: 2, device: 'cpu' });
after(() => pool.close());
const classify = createClassifyStage(pool, {
  artifact,
  model: buildFerModel(network, parameters, { temperature: 1, mirror: false }),
});

const picture = (): Uint8Array => Uint8Array.from({ length: 64 * 64 }, () => Math.floor(random() * 256));
const frame = (sequence: number) => ({
  camera: 'c',
  epoch: 0,
  sequence,
  timeUs: sequence,
  width: 64,
  height: 64,
});
function pair(sequence: number, crop = picture(), reference = picture()): FacePair {
  return {
    ...frame(sequence),
    faces: 1,
    face: {
      track: `${sequence}`,
      box: { x: 0, y: 0, width: 64, height: 64 },
      detection: 1,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 1,
      crop,
      reference,
    },
  };
}

async function run(pairs: readonly FacePair[]) {
  const outcomes = await classify(pairs);
  return outcomes.map((outcome) => {
    assert.equal(outcome.kind, 'ok');
    assert.equal(outcome.values.length, 1);
    return outcome.values[0];
  });
}

test('every face gets its own result, frames without a face pass through, and the order stays', async () => {
  const pairs = [pair(0), { ...frame(1), faces: 0, face: null }, pair(2), pair(3)];
  const results = await run(pairs);
  assert.deepEqual(
    results.map((result) => [result?.sequence, result?.face?.track ?? null]),
    [
      [0, '0'],
      [1, null],
      [2, '2'],
      [3, '3'],
    ],
  );
  for (const result of results) {
    if (result === undefined || result.face === null) continue;
    const sum = result.face.probabilities.reduce((total, p) => total + p, 0);
    assert.ok(Math.abs(sum - 1) < 1e-12);
    assert.equal(result.face.probabilities.length, CLASSES.length);
    assert.ok(!('crop' in result.face) && !('reference' in result.face), 'pixels end here');
  }
  assert.notDeepEqual(results[0]?.face?.probabilities, results[2]?.face?.probabilities);
});

test('a face that equals its reference has no intensity', async () => {
  const crop = picture();
  const [same, other] = await run([pair(0, crop, crop), pair(1, crop, picture())]);
  assert.equal(same?.face?.intensity, 0);
  assert.ok((other?.face?.intensity ?? 0) > 0);
});

test('the same face gives the same bits, whatever batch it is in', async () => {
  const probe = pair(0);
  const [alone] = await run([probe]);
  for (const size of [2, 3, 7, 16, 33]) {
    const others = Array.from({ length: size - 1 }, (_, i) => pair(i + 1));
    const results = await run([...others, probe]);
    const found = results.at(-1);
    assert.deepEqual(found?.face?.probabilities, alone?.face?.probabilities, `batch of ${size}`);
    assert.equal(found?.face?.intensity, alone?.face?.intensity, `batch of ${size}`);
  }
});

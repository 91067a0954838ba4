import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { cropSide } from '../datasets/augment-face.js';
import {
  canvasOf,
  canvasSide,
  faceOfCanvas,
  writeFaceCache,
  type FaceCache,
} from '../datasets/face-cache.js';
import { trainingItems } from '../datasets/training-items.js';
import { createRandom, uniform } from '../random.js';
import type { FerRecipe } from '../recipe.js';
import { ferRecipeUnderTest } from './recipes-under-test.js';
import { makeBatch, trainFer } from './train-fer.js';

/* The faces of a step of the joint stage: which there are, and that a reference is shown as its query is. */

const folder = await mkdtemp(join(tmpdir(), 'deadpan-batch-'));
after(() => rm(folder, { recursive: true }));

/** Faces of noise over a slope, so that no two are alike and none is its own mirror image. */
function makeFaces(labels: readonly number[]): FaceCache {
  const random = createRandom(1);
  return {
    name: 'made-up',
    faces: labels.map((label, i) => ({
      path: `${i}.png`,
      label,
      target: CLASSES.map((_, k) => (k === label ? 1 : 0)),
      subject: `person${i}`,
    })),
    pixels: Uint8Array.from(
      { length: labels.length * canvasSide ** 2 },
      (_, i) => 40 + (i % canvasSide) + uniform(random, 0, 100),
    ),
  };
}

// Not evenly many of each class, and none of two classes.
const cache = makeFaces([0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 5]);
const recipe = ferRecipeUnderTest({
  augmentation: {
    shift: 3,
    scale: [0.9, 1.1],
    rotation: 8,
    tight: 0.3,
    coarse: [0.3, 30],
    contrast: 0.3,
    noise: 4,
    erase: 0.3,
    mixup: 0.5,
  },
  batch: 4,
  schedule: { peak: 1e-4, warmUp: 0, steps: 4, floor: 1 },
  weightDecay: 0,
  average: 0,
  metric: { gamma: 1, perClass: 2, loss: 'radial' },
  evaluateEvery: 4,
  checkpointEvery: 4,
});
const items = trainingItems(cache, {
  classWeights: CLASSES.map(() => 1),
  smoothing: 0,
  undecided: 0,
  holdOutEvery: 0,
});

/** The inputs of a batch, a row of grey levels a face. */
function rowsOf(batch: ReturnType<typeof makeBatch>): string[] {
  const values = batch.inputs.dataSync<'float32'>();
  const size = cropSide * cropSide;
  return Array.from({ length: values.length / size }, (_, row) =>
    values.slice(row * size, (row + 1) * size).join(),
  );
}

test('a reference is cropped, flipped, lit and erased as its query is, at every step anew', () => {
  const plain = items.slice(0, 4);
  // Twenty times the same face, so that what is drawn is all that tells them apart.
  const queries = Array.from({ length: 20 }, () => items[8] ?? assert.fail());
  const same = queries.map(({ index }) => faceOfCanvas(canvasOf(cache, index)));
  const seen = [0, 1].map((step) => rowsOf(makeBatch(plain, queries, same, recipe, step)));
  for (const rows of seen) {
    assert.equal(rows.length, 4 + 20 + 20);
    assert.deepEqual(rows.slice(24), rows.slice(4, 24));
  }
  const drawn = seen.flatMap((rows) => rows.slice(4, 24));
  assert.equal(new Set(drawn).size, 40, 'each query is drawn apart');
});

test('a reference that is another face is seen as one, within the surroundings of its query', () => {
  const steady: FerRecipe = {
    ...recipe,
    augmentation: {
      ...{ shift: 0, scale: [1, 1], rotation: 0, tight: 0, coarse: [0, 30] },
      ...{ contrast: 0, noise: 0, erase: 0, mixup: 0 },
    },
  };
  const queries = items.slice(5, 9);
  const [own, others] = [queries, items.slice(9, 13)].map((faces) =>
    rowsOf(
      makeBatch(
        [],
        queries,
        faces.map(({ index }) => faceOfCanvas(canvasOf(cache, index))),
        steady,
        0,
      ),
    ),
  );
  assert.ok(own && others);
  assert.deepEqual(others.slice(0, 4), own.slice(0, 4));
  others.slice(4).forEach((row, i) => {
    assert.notEqual(row, own[4 + i]);
  });
});

test('every step asks references of two faces of each class that the data has', async () => {
  const known = new Map(
    cache.faces.map(({ label }, i) => [faceOfCanvas(canvasOf(cache, i)).join(), label] as const),
  );
  await writeFaceCache(folder, cache);
  const asked: (number | undefined)[][] = [];
  const faces: string[] = [];
  await trainFer(recipe, {
    data: folder,
    out: join(folder, 'run'),
    references: (queries) => {
      asked.push(queries.map((face) => known.get(face.join())));
      faces.push(queries.map((face) => face.join()).join());
      return queries;
    },
  });
  assert.deepEqual(
    asked,
    Array.from({ length: 4 }, () => [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
  );
  assert.equal(new Set(faces).size, 4, 'other faces at every step');
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { readCheckpoint } from '../checkpoint.js';
import { canvasSide, writeFaceCache, type CachedFace } from '../datasets/face-cache.js';
import { createRandom } from '../random.js';
import { ferRecipeSchema } from '../recipe.js';
import { ferRecipeUnderTest } from './recipes-under-test.js';
import { trainFer } from './train-fer.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-joint-'));
after(() => rm(folder, { recursive: true }));

const PER_CLASS = 3;
const faces = Array.from({ length: PER_CLASS * CLASSES.length }, (_, i): CachedFace => {
  const label = i % CLASSES.length;
  return {
    path: `${i}.png`,
    label,
    target: CLASSES.map((_, k) => (k === label ? 1 : 0)),
    subject: `person${i}`,
  };
});
const random = createRandom(1);
const pixels = Uint8Array.from({ length: faces.length * canvasSide ** 2 }, () => 256 * random.next());
await writeFaceCache(folder, { name: 'noise', faces, pixels });

const recipe = ferRecipeUnderTest({
  seed: 1,
  sources: [{ cache: 'noise', classWeights: CLASSES.map(() => 1) }],
  augmentation: { crops: 'ten' },
  batch: 0,
  schedule: { peak: 1e-3, warmUp: 0, steps: 4, floor: 1 },
  optimizer: 'sgd',
  weightDecay: 1e-4,
  validation: 'noise',
  evaluateEvery: 4,
  metric: { gamma: 1, perClass: 2, loss: 'radial' },
});

/** The faces that each step made references of. */
async function queriesOf(perClass: number): Promise<string[][]> {
  const asked: string[][] = [];
  await trainFer(
    { ...recipe, metric: { ...recipe.metric, perClass } as typeof recipe.metric },
    {
      data: folder,
      out: join(folder, `queries-${perClass}`),
      references: (given) => {
        asked.push(given.map((face) => Buffer.from(face).toString('base64')));
        return given;
      },
    },
  );
  return asked;
}

test('the images of a class in a batch are different ones, as long as it has so many', async () => {
  const all = await queriesOf(PER_CLASS);
  assert.equal(all.length, 4);
  for (const queries of all) assert.equal(new Set(queries).size, faces.length);
  // Of a class that has fewer, all come before one comes again.
  for (const queries of await queriesOf(PER_CLASS + 1)) {
    assert.equal(queries.length, faces.length + CLASSES.length);
    assert.equal(new Set(queries).size, faces.length);
  }
});

test('Algorithm 2 alone, without plain faces, trains both branches and can be taken up again', async () => {
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
  const references = (given: readonly Uint8Array[]): readonly Uint8Array[] => given;
  await trainFer(recipe, { data: folder, out: whole, references });
  assert.match(
    await readFile(join(whole, 'losses.csv'), 'utf8'),
    /^step,softmax,radial,learningRate,accuracy\n4,\d/,
  );
  const controller = new AbortController();
  await trainFer(recipe, {
    data: folder,
    out: broken,
    signal: controller.signal,
    references: (given) => {
      controller.abort();
      return given;
    },
  });
  const [half, end] = await Promise.all(
    [broken, whole].map(async (out) => (await readCheckpoint(join(out, 'checkpoint.bin'))).tensors),
  );
  for (const name of ['logits/weights', 'fc3/weights', 'conv1/weights']) {
    assert.notDeepEqual(half?.get(`trained/${name}`)?.data, end?.get(`trained/${name}`)?.data, name);
  }
  await trainFer(recipe, { data: folder, out: broken, references });
  const { tensors } = await readCheckpoint(join(broken, 'checkpoint.bin'));
  for (const [name, { data }] of end ?? []) {
    const other = tensors.get(name)?.data ?? [];
    assert.ok(
      data.every((value, i) => Math.abs(value - (other[i] ?? NaN)) < 1e-6),
      name,
    );
  }
});

test('a batch without plain faces whose queries train no softmax is refused', () => {
  const { metric, ...alone } = recipe;
  for (const refused of [alone, { ...alone, metric: { ...metric, softmaxOnQueries: false } }]) {
    assert.match(String(ferRecipeSchema.safeParse(refused).error), /Nothing would train the softmax/);
  }
});

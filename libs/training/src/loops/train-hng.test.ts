import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { centreCrop } from '../datasets/augment-face.js';
import { canvasSide, readFaceCache, writeFaceCache, type CachedFace } from '../datasets/face-cache.js';
import { generatorFace, hngPools } from '../datasets/hng-pools.js';
import { createRandom } from '../random.js';
import type { HngRecipe } from '../recipe.js';
import { hngRecipeUnderTest } from './recipes-under-test.js';
import { referencesOf } from './references-of.js';
import { readGenerator } from './release-hng.js';
import { trainHng } from './train-hng.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-hng-'));
after(() => rm(folder, { recursive: true }));

// Eight people, neutral and happy.
const faces = Array.from({ length: 16 }, (_, i): CachedFace => {
  const target = CLASSES.map((_, k) => (k === i % 2 ? 1 : 0));
  return { path: `${i}.png`, label: i % 2, target, subject: `person${i >> 1}` };
});
const random = createRandom(1);
const pixels = Uint8Array.from({ length: faces.length * canvasSide ** 2 }, () => 256 * random.next());
await writeFaceCache(folder, { name: 'noise', faces, pixels });
const source = { cache: 'noise', sameLight: true, holdOutEvery: 3 };

const recipe = hngRecipeUnderTest({
  seed: 1,
  sources: [source],
  weights: { feature: 0, identity: 0, pixel: 1, symmetry: 0, adversarial: 0.1, expression: 0, change: 0 },
  schedule: { peak: 1e-3, warmUp: 0, steps: 4, floor: 1 },
  checkpointEvery: 3,
  gridEvery: 2,
});

/** The rows of `losses.csv` of a run by a changed recipe, and what it returned. */
async function run(name: string, change: Partial<HngRecipe>) {
  const out = join(folder, name);
  const { steps } = await trainHng({ ...recipe, ...change }, { data: folder, out });
  const [head = '', ...rows] = (await readFile(join(out, 'losses.csv'), 'utf8')).trimEnd().split('\n');
  const columns = head.split(',');
  const numbers = rows.map((row) =>
    Object.fromEntries(row.split(',').map((cell, i) => [columns[i] ?? '', Number(cell)])),
  );
  return { out, steps, rows: numbers };
}

/** How far the references of the pairs that are held out are from the true neutral faces. */
async function differenceOf(checkpoint: string): Promise<number> {
  const { pairs } = hngPools([{ ...source, cache: await readFaceCache(folder, 'noise') }], 'heldOut');
  assert.ok(pairs.length > 0);
  const references = referencesOf(
    await readGenerator(checkpoint),
    pairs.map(({ input }) => generatorFace(input, centreCrop)),
  );
  const differences = pairs.flatMap(({ target }, i) =>
    [...generatorFace(target, centreCrop)].map((level, k) => Math.abs(level - (references[i]?.[k] ?? NaN))),
  );
  return differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
}

test('a generator run tells how far the references of people held out are from their neutral faces', async () => {
  const { out, steps, rows } = await run('whole', {});
  assert.equal(steps, 4);
  assert.deepEqual(
    rows.map(({ step }) => step),
    [2, 4],
  );
  const told = rows.map(({ validation = NaN }) => validation);
  assert.ok(Math.abs((told[1] ?? NaN) - (await differenceOf(join(out, 'last.bin')))) < 1e-6);
  assert.ok(Math.abs(Math.min(...told) - (await differenceOf(join(out, 'best.bin')))) < 1e-6);
});

test('a generator run that gets no better stops early, and stays so', async () => {
  // It learns nothing, so that no evaluation is better than the first.
  const still = { schedule: { ...recipe.schedule, peak: 1e-30, steps: 50 }, gridEvery: 1, stopAfter: 2 };
  const { steps, rows } = await run('early', still);
  assert.equal(steps, 3);
  assert.deepEqual(await run('early', still), { out: join(folder, 'early'), steps, rows });
});

test('without people held out nothing is judged, and a run that is to stop early by it is refused', async () => {
  const nobody = { sources: [{ ...source, holdOutEvery: 0, repeat: 1 }] };
  const { out, rows } = await run('nobody', nobody);
  assert.ok(rows.every(({ validation }) => Number.isNaN(validation)));
  assert.ok(!existsSync(join(out, 'best.bin')));
  await assert.rejects(run('refused', { ...nobody, stopAfter: 2 }), {
    code: 'E_TRAINING',
    advice: /holdOutEvery/,
  });
});

test("the pixel loss as printed is that of all 4096 pixels, and the discriminator's memory is the recipe's", async () => {
  const once = { schedule: { ...recipe.schedule, steps: 1 } };
  const pixel = async (name: string, change: Partial<HngRecipe>): Promise<number> =>
    (await run(name, { ...once, ...change })).rows[0]?.['pixel'] ?? NaN;
  const [mean, sum] = [await pixel('mean', {}), await pixel('sum', { pixelLoss: 'sum' })];
  assert.ok(Math.abs(sum / mean - 4096) < 1e-2, `${sum} is 4096 times ${mean}`);

  const discriminator = async (name: string, change: Partial<HngRecipe>): Promise<number> =>
    (await run(name, change)).rows[1]?.['discriminator'] ?? NaN;
  const [untold, half, paper] = [
    await discriminator('beta-untold', {}),
    await discriminator('beta-half', { discriminatorBeta1: 0.5 }),
    await discriminator('beta-paper', { discriminatorBeta1: 0.9 }),
  ];
  assert.ok(Math.abs(untold - half) < 1e-6 && Math.abs(untold - paper) > 1e-4, [untold, half, paper].join());
});

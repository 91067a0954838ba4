import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import sharp from 'sharp';
import { centreCrop } from '../datasets/augment-face.js';
import { canvasSide, writeFaceCache, type CachedFace, type FaceCache } from '../datasets/face-cache.js';
import { generatorFace, generatorSide, hngPools } from '../datasets/hng-pools.js';
import { createRandom, uniform } from '../random.js';
import { hngRecipeUnderTest } from './recipes-under-test.js';
import { writeGrid } from './sample-grid.js';
import { trainHng } from './train-hng.js';

const folder = await mkdtemp(join(tmpdir(), 'deadpan-grid-'));
after(() => rm(folder, { recursive: true }));

/** The grey levels of a picture. */
async function pictureIn(file: string): Promise<{ width: number; height: number; grey: Uint8Array }> {
  const { data, info } = await sharp(file).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.channels, 1);
  return { width: info.width, height: info.height, grey: data };
}

test('a grid has a face beside the other, row below row', async () => {
  const file = join(folder, 'small.png');
  const face = (level: number): Float32Array => new Float32Array(4).fill(level);
  // What is darker than black or lighter than white is shown as these.
  await writeGrid(
    file,
    [
      [face(0), face(0.2), face(0.4)],
      [face(0.6), face(1.7), face(-1)],
    ],
    2,
    1,
  );
  const { width, height, grey } = await pictureIn(file);
  assert.deepEqual([width, height], [6, 4]);
  const [above, below] = [
    [0, 0, 51, 51, 102, 102],
    [153, 153, 255, 255, 0, 0],
  ];
  assert.deepEqual([...grey], [above, above, below, below].flat());
});

/** 64 people, neutral and happy, each of a grey of their own. */
function makeFaces(): FaceCache {
  const random = createRandom(1);
  const faces: CachedFace[] = [];
  const pixels = new Uint8Array(128 * canvasSide ** 2);
  for (let i = 0; i < 128; i++) {
    const label = i % 2;
    const target = CLASSES.map((_, k) => (k === label ? 1 : 0));
    faces.push({ path: `${i}.png`, label, target, subject: `person${i >> 1}` });
    const level = uniform(random, 40, 200);
    for (let k = 0; k < canvasSide ** 2; k++) pixels[i * canvasSide ** 2 + k] = level + (k % 40);
  }
  return { name: 'made-up', faces, pixels };
}

test('a run writes grids of held-out people at the steps that the recipe says: the face above its reference', async () => {
  const cache = makeFaces();
  await writeFaceCache(folder, cache);
  const recipe = hngRecipeUnderTest({
    schedule: { peak: 1e-3, warmUp: 0, steps: 5, floor: 1 },
    gridEvery: 2,
  });
  const out = join(folder, 'run');
  await trainHng(recipe, { data: folder, out });
  const grids = (await readdir(out)).filter((name) => name.startsWith('grid-')).sort();
  assert.deepEqual(grids, ['grid-2.png', 'grid-4.png', 'grid-5.png'], 'and one at the end');

  // The first sixteen are from the pairs, the rest of the rows are of expressive faces alone.
  const { pairs } = hngPools([{ cache, holdOutEvery: 3, sameLight: true }], 'heldOut');
  assert.ok(pairs.length >= 16, `${pairs.length}`);
  const shown = Array.from({ length: 16 }, (_, i) => pairs[Math.floor((i * pairs.length) / 16)]);
  const rows = 2 + 2 * Math.floor(Math.min(48, pairs.length) / 16);
  const [zoom, side] = [2, 2 * generatorSide];
  for (const name of grids) {
    const { width, height, grey } = await pictureIn(join(out, name));
    assert.deepEqual([width, height], [16 * side, rows * side], name);
    shown.forEach((pair, column) => {
      assert.ok(pair);
      const face = generatorFace(pair.input, centreCrop);
      const middle = generatorSide / 2;
      const at = grey[zoom * middle * width + column * side + zoom * middle] ?? NaN;
      const expected = 255 * (face[middle * generatorSide + middle] ?? NaN);
      assert.ok(Math.abs(at - expected) < 3, `${name}, face ${column}: ${at} is not ${expected}`);
    });
  }
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { transferExpressions, type TransferOptions } from './expression-transfer.js';
import { canvasOf, canvasSide, type FaceCache } from './face-cache.js';
import { hngPools } from './hng-pools.js';
import { faceSquares, prepareFaces } from './prepare-faces.js';

/* The people of the demo clip, each neutral and smiling, give their smiles to one another. */

const folder = await mkdtemp(join(tmpdir(), 'deadpan-transfer-'));
after(() => rm(folder, { recursive: true }));
const media = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/media/${name}`, import.meta.url));
const { people } = JSON.parse(readFileSync(media('clip.json'), 'utf8')) as {
  people: readonly {
    readonly tile: readonly [number, number, number, number];
    readonly expressions: readonly { readonly from: number; readonly expression: string }[];
  }[];
};
/** Of the ids a, b and c only that of b has an even hash. */
const HOLD_OUT_EVERY = 2;
const HELD_OUT = 'b';

const rows = people.flatMap(({ tile: [x, y, width, height], expressions }, i) => {
  const id = 'abc'[i] ?? '';
  return ['neutral', 'happiness'].map((expression) => {
    const { from } = expressions.find((shown) => shown.expression === expression) ?? assert.fail();
    const path = `${id}-${expression}.png`;
    execFileSync('ffmpeg', [
      ...['-nostdin', '-v', 'error', '-ss', `${from + 1}`, '-i', media('clip.mp4')],
      ...['-frames:v', '1', '-vf', `crop=${width}:${height}:${x}:${y}`, join(folder, path)],
    ]);
    return `${path},${id},${expression}\n`;
  });
});
const labels = join(folder, 'labels.csv');
await writeFile(labels, `path,subject,expression\n${rows.join('')}`);
const clip = await prepareFaces({
  ...{ data: folder, out: folder, labels, name: 'clip' },
  ...{ square: faceSquares.whole, workers: 1 },
});

const COUNT = 8;
function transfer(cache: FaceCache, holdOutEvery = HOLD_OUT_EVERY, options: Partial<TransferOptions> = {}) {
  const source = (sameLight: boolean) => [{ cache, holdOutEvery, sameLight }];
  return transferExpressions('given', {
    ...{ donors: source(true), mouths: source(false), receivers: source(false) },
    ...{ count: COUNT, seed: 1, ...options },
  });
}
const made = await transfer(clip);

/** Whose neutral picture a canvas is, to the byte. */
function ownerOf(canvas: Uint8Array): string | undefined {
  return clip.faces.find(({ label }, i) => label === 0 && Buffer.compare(canvasOf(clip, i), canvas) === 0)
    ?.subject;
}

test('pairs come in twos: an expressive face and a neutral one, of a subject of their own', () => {
  assert.equal(made.faces.length, 2 * COUNT);
  assert.equal(made.pixels.length, 2 * COUNT * canvasSide ** 2);
  made.faces.forEach(({ path, label, target, subject }, i) => {
    const n = i >> 1;
    assert.equal(path, i % 2 === 0 ? `${n}-given` : `${n}-own`);
    assert.equal(label, i % 2 === 0 ? 1 : 0);
    assert.equal(target?.[label], 1);
    assert.equal(subject, `given-${n}`);
  });
  const { pairs } = hngPools([{ cache: made, holdOutEvery: 0, sameLight: true }]);
  assert.deepEqual(
    pairs.map(({ input, target }) => [input.index, target.index]),
    Array.from({ length: COUNT }, (_, n) => [2 * n, 2 * n + 1]),
  );
});

test('the neutral one is the picture of who receives, unchanged; the expressive one is the same face changed', () => {
  for (let n = 0; n < COUNT; n++) {
    const [given, own] = [canvasOf(made, 2 * n), canvasOf(made, 2 * n + 1)];
    const owner = ownerOf(own);
    assert.ok(owner !== undefined, `${n} is nobody's`);
    const pose = clip.faces.find(({ subject, label }) => subject === owner && label === 0)?.pose;
    assert.ok(pose);
    assert.deepEqual(made.faces[2 * n]?.pose, pose);
    assert.deepEqual(made.faces[2 * n + 1]?.pose, pose);
    const changed = own.filter((grey, i) => Math.abs(grey - (given[i] ?? NaN)) > 8).length / own.length;
    assert.ok(changed > 0.005 && changed < 0.6, `${n}: ${changed} of the pixels are changed`);
    // The corners show hair and background, which no expression moves.
    const corner = (canvas: Uint8Array): Uint8Array => canvas.subarray(0, 8);
    assert.deepEqual(corner(given), corner(own));
  }
});

test('who is held out neither gives nor receives', async () => {
  const owners = Array.from({ length: COUNT }, (_, n) => ownerOf(canvasOf(made, 2 * n + 1)));
  assert.deepEqual([...new Set(owners)].sort(), ['a', 'c']);
  // Without the person's pictures the very same pairs are made: nothing of them is in these.
  const rest = clip.faces.flatMap(({ subject }, i) => (subject === HELD_OUT ? [] : [i]));
  const without: FaceCache = {
    name: clip.name,
    faces: rest.flatMap((i) => clip.faces[i] ?? []),
    pixels: Uint8Array.from(rest.flatMap((i) => [...canvasOf(clip, i)])),
  };
  assert.equal(without.faces.length, 4);
  assert.ok(Buffer.compare((await transfer(without)).pixels, made.pixels) === 0);
  // That is no accident: the person takes part where nobody is held out.
  const everybody = await transfer(clip, 0);
  assert.ok(everybody.faces.some((_, i) => ownerOf(canvasOf(everybody, i)) === HELD_OUT));
});

test('the same seed makes the same pairs to the byte, another one others', async () => {
  const [again, other] = [await transfer(clip), await transfer(clip, HOLD_OUT_EVERY, { seed: 2 })];
  assert.deepEqual(again.faces, made.faces);
  assert.ok(Buffer.compare(again.pixels, made.pixels) === 0);
  assert.ok(Buffer.compare(other.pixels, made.pixels) !== 0);
});

test('where nobody gives or nobody receives, it is said', async () => {
  const neutral: FaceCache = { ...clip, faces: clip.faces.map((face) => ({ ...face, label: 0 })) };
  const expressive: FaceCache = { ...clip, faces: clip.faces.map((face) => ({ ...face, label: 1 })) };
  const source = (cache: FaceCache) => [{ cache, holdOutEvery: 0, sameLight: true }];
  const nobody = { code: 'E_TRAINING', message: /no pairs in the same light .*, or no neutral faces/ };
  await assert.rejects(transfer(clip, 0, { donors: source(neutral) }), nobody);
  await assert.rejects(transfer(clip, 0, { receivers: source(expressive) }), nobody);
});

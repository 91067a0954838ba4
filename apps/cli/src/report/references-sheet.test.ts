import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';

import type { ReferencePick } from './references-picks.js';
import { referencePictures, referencesSheet } from './references-sheet.js';

const picks = Array.from({ length: 12 }, (_, i): ReferencePick => ({
  frame: i * 10,
  time: i * 0.4,
  expression: i % 2 === 0 ? 'neutral' : 'happiness',
  intensity: i / 12,
  crop: new Uint8Array(4096).fill(20 * i),
  reference: new Uint8Array(4096).fill(255 - 20 * i),
}));

test('a sheet shows each face beside its reference, the same bytes every time', async () => {
  const png = await referencesSheet('7', picks);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.channels, 3);
  const gray = (x: number, y: number): number | undefined => data[(y * info.width + x) * info.channels];
  // The sixth pick stands in the second row, second column.
  const x = 20 + 276;
  const y = 76 + 172;
  assert.equal(gray(x + 64, y + 64), 100);
  assert.equal(gray(x + 128 + 64, y + 64), 155);
  assert.deepEqual(await referencesSheet('7', picks), png);
});

test('the report gets six of twelve, in order, as gray PNG', async () => {
  const pictures = await referencePictures(picks);
  assert.deepEqual(
    pictures.map(({ time }) => time.toFixed(1)),
    ['0.0', '0.8', '1.6', '2.4', '3.2', '4.0'],
  );
  const [first] = pictures;
  assert.ok(first !== undefined);
  const { width, channels } = await sharp(first.reference).metadata();
  assert.deepEqual([width, channels], [64, 1]);
});

test('one face makes a sheet too', async () => {
  assert.ok((await referencesSheet('1', picks.slice(0, 1))).length > 500);
});

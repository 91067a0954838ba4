import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PictureStore } from '@deadpan/feed';
import type { Frame } from '@deadpan/shared';
import sharp from 'sharp';

import { createFramePictures } from './frame-pictures.js';

function storeThatWants(wanted: boolean): { store: PictureStore; jpegs: Uint8Array[] } {
  const jpegs: Uint8Array[] = [];
  const store: PictureStore = {
    wantsFrames: () => wanted,
    takesFaces: true,
    putFrame: (_, jpeg) => jpegs.push(jpeg),
    putFace: () => undefined,
    frame: () => undefined,
    newestFrame: () => undefined,
    face: () => undefined,
    forget: () => undefined,
    prune: () => undefined,
  };
  return { store, jpegs };
}

function grayFrame(): { frame: Frame; released: () => number } {
  let released = 0;
  const frame = {
    ...{ camera: 'a', epoch: 0, sequence: 1, timeUs: 1, width: 64, height: 32 },
    image: { width: 64, height: 32, data: new Uint8Array(64 * 32 * 3).fill(128) },
    release: () => void (released += 1),
  };
  return { frame, released: () => released };
}

test('a frame goes back when both the analysis and the encoder are done with it', async () => {
  const { store, jpegs } = storeThatWants(true);
  const { frame, released } = grayFrame();
  const pictures = createFramePictures(store);
  const taken = pictures.take(frame);
  taken.release();
  assert.equal(released(), 0);
  await pictures.ready(frame);
  assert.equal(released(), 1);
  const { width, height, format } = await sharp(jpegs[0]).metadata();
  assert.deepEqual([width, height, format], [64, 32, 'jpeg']);
});

test('where nobody looks, nothing is encoded', async () => {
  const { store, jpegs } = storeThatWants(false);
  const { frame } = grayFrame();
  const pictures = createFramePictures(store);
  assert.equal(pictures.take(frame), frame);
  await pictures.ready(frame);
  assert.equal(jpegs.length, 0);
});

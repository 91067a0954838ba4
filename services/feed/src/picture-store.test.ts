import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPictureStore } from './picture-store.js';

test('pictures go when their time is over, also of a camera that sends no more; the newest frame stays', () => {
  let now = 0;
  const store = createPictureStore({ pixels: 'frames', seconds: 30, watched: () => true, now: () => now });
  const frame = { camera: 'door', epoch: 0, sequence: 1, timeUs: 1000, width: 64, height: 48 };
  const face = { crop: new Uint8Array(4), reference: new Uint8Array(4) };
  store.putFrame(frame, Uint8Array.of(1));
  store.putFace(frame, 'a', face);
  now = 29_000;
  store.prune();
  assert.ok(store.face('door', 0, 1, 'a'));
  now = 31_000;
  store.prune();
  // What is let go is not there for a clock that goes back either.
  now = 0;
  assert.equal(store.face('door', 0, 1, 'a'), undefined);
  assert.equal(store.frame('door', 0, 1), undefined);
  assert.deepEqual(store.newestFrame('door')?.jpeg, Uint8Array.of(1));
});

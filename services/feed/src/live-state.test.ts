import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toStatusMessage } from '@deadpan/shared';

import { statusOf } from './feed-fixture.js';
import { createLiveState } from './live-state.js';

test('a camera of which nothing is heard for ten seconds does not stream, whatever was said of it last', () => {
  let ms = 0;
  const state = createLiveState(10, () => ms);
  state.setStatus(toStatusMessage(statusOf('door')));
  state.setStatus(toStatusMessage(statusOf('hall', 'waiting')));
  ms = 9_999;
  assert.deepEqual(
    ['door', 'hall', 'yard'].map((camera) => state.streams(camera)),
    [true, false, false],
  );
  ms = 10_000;
  assert.equal(state.streams('door'), false);
  state.setStatus(toStatusMessage(statusOf('door')));
  assert.equal(state.streams('door'), true);
});

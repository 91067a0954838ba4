import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ExpressionMessage } from '@deadpan/shared';

import { createShots } from './shots.js';

const face = (sequence: number, faces: number, track?: string): ExpressionMessage => ({
  ...{ type: 'expression', at: '2026-01-01T00:00:00.000Z', camera: 'door', epoch: 0 },
  ...{ sequence, time: sequence, width: 64, height: 64, faces },
  ...(track === undefined ? {} : { track }),
});

test('a frame is complete with its last face, or when a later one begins', () => {
  const shots = createShots(2);
  assert.equal(shots.add(face(0, 0)), true);
  assert.equal(shots.add(face(1, 2, 'a')), false);
  assert.equal(shots.add(face(1, 2, 'b')), true);
  assert.equal(shots.add(face(2, 2, 'a')), false);
  assert.equal(shots.add(face(3, 1, 'a')), true);
  assert.deepEqual(
    shots.all.map(({ sequence, faces }) => [sequence, faces.map(({ track }) => track)]),
    [
      [2, ['a']],
      [3, ['a']],
    ],
  );
});

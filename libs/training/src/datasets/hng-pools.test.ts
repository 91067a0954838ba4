import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLASSES } from '@deadpan/shared';
import { canvasSide, type CachedFace, type FaceCache } from './face-cache.js';
import { hngPools } from './hng-pools.js';

/** A face of a person by class, and how far the head is turned and nods; null where that is not known. */
function faceOf(path: string, label: number, turned: readonly [number, number] | null): CachedFace {
  const target = CLASSES.map((_, k) => (k === label ? 1 : 0));
  const [yaw, pitch] = turned ?? [0, 0];
  return { path, label, target, subject: 'ann', ...(turned && { pose: { yaw, pitch, roll: 40 } }) };
}

const cacheOf = (faces: readonly CachedFace[]): FaceCache => ({
  name: 'made-up',
  faces,
  pixels: new Uint8Array(faces.length * canvasSide * canvasSide),
});

const cache = cacheOf([
  faceOf('smiles.png', 1, [50, 0]),
  faceOf('ahead.png', 0, [-14, 9]),
  faceOf('aside.png', 0, [-16, 0]),
  faceOf('down.png', 0, [0, -20]),
]);

test('where neutral faces are to be frontal, targets and the guiding set are, and inputs need not be', () => {
  for (const [frontal, expected] of [
    [15, ['ahead.png']],
    [undefined, ['ahead.png', 'aside.png', 'down.png']],
  ] as const) {
    const pools = hngPools([{ cache, holdOutEvery: 0, sameLight: false, frontal }]);
    const paths = (indices: readonly number[]) => indices.map((index) => cache.faces[index]?.path);
    assert.deepEqual(paths(pools.loosePairs.map(({ target }) => target.index)), expected);
    assert.deepEqual(paths(pools.neutral.map(({ index }) => index)), expected);
    assert.deepEqual(paths(pools.alone.map(({ index }) => index)), ['smiles.png']);
  }
});

test('a set that does not say how its heads are turned is refused where that counts', () => {
  const source = { cache: cacheOf([faceOf('old.png', 0, null)]), holdOutEvery: 0, sameLight: true };
  assert.equal(hngPools([source]).neutral.length, 1);
  assert.throws(() => hngPools([{ ...source, frontal: 15 }]), {
    code: 'E_TRAINING',
    message: /made-up does not say how its heads are turned/,
    advice: /Prepare it again/,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bestOf, tuneInference, workerCounts } from './tune-inference.js';

test('every pair of settings is measured, and the best is one of them', async () => {
  const plan = { device: 'cpu', workers: [1, 2], batchSizes: [1, 4], seconds: 0.1 } as const;
  const { trials, best } = await tuneInference(plan);
  assert.deepEqual(
    trials.map(({ workers, batchSize }) => [workers, batchSize]),
    [
      [1, 1],
      [1, 4],
      [2, 1],
      [2, 4],
    ],
  );
  assert.ok(trials.every(({ facesPerSecond }) => facesPerSecond > 0));
  assert.ok(trials.includes(best));
});

test('of settings that are as fast, the one with fewer workers and smaller batches is best', () => {
  const trial = (workers: number, batchSize: number, facesPerSecond: number) => ({
    workers,
    batchSize,
    facesPerSecond,
  });
  assert.deepEqual(bestOf([trial(1, 8, 100), trial(2, 8, 196), trial(2, 16, 200)]), trial(2, 8, 196));
  assert.deepEqual(bestOf([trial(2, 16, 199), trial(4, 8, 200)]), trial(2, 16, 199));
});

test('worker counts double up to the cores', () => {
  assert.deepEqual(workerCounts(1), [1]);
  assert.deepEqual(workerCounts(6), [1, 2, 4, 6]);
});

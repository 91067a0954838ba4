import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createInferencePool, type Task } from '@deadpan/nets';

import { deadpanConfig } from '../config.js';
import { createStageSet } from './stages.js';

/** The modules of the tasks that a pool of workers has loaded for these stages. */
async function loadedFor(running?: readonly string[]): Promise<string[]> {
  const pool = createInferencePool({ device: 'cpu', workers: 1 });
  const loaded: string[] = [];
  const watched = {
    ...pool,
    load: async (work: Task<never, unknown>) => {
      await pool.load(work);
      loaded.push(/([\w-]+)\.js$/.exec(work.module)?.[1] ?? work.module);
    },
  };
  const stages = await createStageSet(watched, deadpanConfig.parse({}), running);
  await stages.loaded;
  await pool.close();
  return loaded.sort();
}

test('a process loads the networks of the stages that run in it, and no others', async () => {
  const all = ['align-task', 'expression-task', 'reference-task'];
  assert.deepEqual(await loadedFor(), all);
  assert.deepEqual(await loadedFor(['ingest', 'align', 'feed']), ['align-task']);
  assert.deepEqual(await loadedFor(['normalize', 'classify']), ['expression-task', 'reference-task']);
  assert.deepEqual(await loadedFor(['ingest', 'feed']), []);
});

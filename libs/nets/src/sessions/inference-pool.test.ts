import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { DeadpanError } from '@deadpan/shared';
import { createInferencePool } from './inference-pool.js';
import { testTask } from './test-task.js';

const hasCode = (code: string) => (error: unknown) => error instanceof DeadpanError && error.code === code;

test('results are equal whatever worker ran them and however many there are', async () => {
  const work = testTask();
  const byPool: Float32Array[][] = [];
  for (const workers of [1, 3]) {
    const pool = createInferencePool({ workers, device: 'cpu' });
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    byPool.push(await Promise.all(seeds.map((seed) => pool.run(work, { kind: 'run', seed, repeat: 1 }))));
    await pool.close();
  }
  assert.deepEqual(byPool[0], byPool[1]);
  assert.notDeepEqual(byPool[0]?.[0], byPool[0]?.[1]);
});

test('the main thread stays free while the workers are busy', async () => {
  const pool = createInferencePool({ workers: 1, device: 'cpu' });
  await pool.load(testTask());
  const work = testTask();
  await pool.load(work);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await pool.run(work, { kind: 'run', seed: 1, repeat: 300 });
  delay.disable();
  await pool.close();
  // On the main thread the delay would be that of the whole run, some hundred milliseconds.
  assert.ok(delay.percentile(50) / 1e6 < 20, `median delay ${delay.percentile(50) / 1e6} ms`);
});

test('an error in a run rejects that run alone', async () => {
  const pool = createInferencePool({ workers: 1, device: 'cpu' });
  const work = testTask();
  const runs = [
    pool.run(work, { kind: 'run', seed: 1, repeat: 1 }),
    pool.run(work, { kind: 'throw' }),
    pool.run(work, { kind: 'run', seed: 1, repeat: 1 }),
  ];
  const [first, second, third] = await Promise.allSettled(runs);
  assert.equal(first?.status, 'fulfilled');
  assert.ok(second?.status === 'rejected' && hasCode('E_ENGINE')(second.reason));
  assert.match(String(second.reason), /the run fails/);
  assert.equal(third?.status, 'fulfilled');
  await pool.close();
});

test('a worker that dies rejects its run and is replaced', async () => {
  const pool = createInferencePool({ workers: 1, device: 'cpu' });
  const work = testTask();
  const dying = pool.run(work, { kind: 'die' });
  const next = pool.run(work, { kind: 'run', seed: 1, repeat: 1 });
  await assert.rejects(dying, hasCode('E_ENGINE'));
  assert.equal((await next).length, 10);
  await pool.close();
});

test('a factory that fails rejects load and run with E_ENGINE', async () => {
  const pool = createInferencePool({ workers: 2, device: 'cpu' });
  const work = testTask(true);
  await assert.rejects(pool.load(work), hasCode('E_ENGINE'));
  await assert.rejects(pool.run(work, { kind: 'run', seed: 1, repeat: 1 }), /the factory fails/);
  await pool.close();
});

test('close lets the run in progress end and rejects those that wait', async () => {
  const pool = createInferencePool({ workers: 1, device: 'cpu' });
  const work = testTask();
  await pool.load(work);
  const running = pool.run(work, { kind: 'run', seed: 1, repeat: 50 });
  const waiting = assert.rejects(
    pool.run(work, { kind: 'run', seed: 2, repeat: 1 }),
    hasCode('E_INTERRUPTED'),
  );
  await Promise.all([pool.close(), pool.close()]);
  assert.equal((await running).length, 10);
  await waiting;
  await assert.rejects(pool.run(work, { kind: 'run', seed: 1, repeat: 1 }), hasCode('E_INTERRUPTED'));
});

const moduleOf = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);

/** Runs a script in a process of its own: its exit code, and all that it said. */
async function runScript(
  script: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number | null; said: string }> {
  // Workers take over --input-type and end for it, so the script is no module.
  const child = spawn(process.execPath, ['-e', `void (async () => {${script}})();`], {
    ...{ env, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

test('a process that closes its pool in the middle of runs ends with code 0', async () => {
  const script = `
    const { createInferencePool } = await import(${moduleOf('./inference-pool.js')});
    const { testTask } = await import(${moduleOf('./test-task.js')});
    const pool = createInferencePool({ workers: 2, device: 'cpu' });
    const work = testTask();
    await pool.load(work);
    for (let seed = 0; seed < 6; seed += 1) pool.run(work, { kind: 'run', seed, repeat: 40 }).catch(() => undefined);
    await pool.close();
    process.stdout.write('closed');`;
  for (let attempt = 0; attempt < 3; attempt += 1)
    assert.deepEqual(await runScript(script), { code: 0, said: 'closed' });
});

test('networks run without a word to the maker of onnxruntime, and leave nothing in the home folder', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'deadpan-home-'));
  t.after(() => {
    rmSync(home, { recursive: true });
  });
  const inPool = `
    const { createInferencePool } = await import(${moduleOf('./inference-pool.js')});
    const { testTask } = await import(${moduleOf('./test-task.js')});
    const pool = createInferencePool({ workers: 2, device: 'cpu' });
    await pool.run(testTask(), { kind: 'run', seed: 1, repeat: 1 });
    await pool.close();`;
  const inMainThread = `
    const { openEngine } = await import(${moduleOf('./engine.js')});
    const { createTestRun } = await import(${moduleOf('./test-task.js')});
    const { open } = await openEngine('cpu');
    await (await createTestRun({ fail: false }, open))({ kind: 'run', seed: 1, repeat: 1 });`;
  for (const script of [inPool, inMainThread]) {
    // None of the variables by which onnxruntime knows a machine that tests, where it says nothing anyway.
    const { code, said } = await runScript(script, { PATH: process.env['PATH'], HOME: home });
    assert.deepEqual({ code, said, left: readdirSync(home) }, { code: 0, said: '', left: [] });
  }
});

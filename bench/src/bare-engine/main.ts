/*
 * node main.js TRACE: runs the calls of a traced run of Deadpan again, back to back, with nothing before, between and
 * after them: as many workers as cores, each takes the next call when it is free. Prints what it took as JSON.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { TraceSummary } from '../trace/record-trace.js';
import type { EngineStart } from './worker.js';

const folder = process.argv[2] ?? '.';
const { frames, faces } = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as TraceSummary;
const next = new SharedArrayBuffer(4);

const workers = Array.from(
  { length: availableParallelism() },
  () =>
    new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { folder, next } satisfies EngineStart,
    }),
);
const answer = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject).once('message', () => {
      resolve();
    });
  });

await Promise.all(workers.map(answer));
const started = performance.now();
for (const worker of workers) worker.postMessage('go');
await Promise.all(workers.map(answer));
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ frames, faces, seconds })}\n`);

/* A worker of the bare engine: loads every network, says so, and at a word takes calls until none is left. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { loadOnnxruntime, type OrtSession, type OrtTensor } from '../trace/onnxruntime.js';
import { modelFile, readTrace, type TracedCall } from '../trace/trace.js';

/** What a worker is started with. */
export interface EngineStart {
  readonly folder: string;
  /** One shared 32-bit number: the next call that nobody has taken. */
  readonly next: SharedArrayBuffer;
}

const port = parentPort;
if (port === null) throw new TypeError('The worker of the bare engine runs in a worker thread only.');
const { folder, next } = workerData as EngineStart;

const { InferenceSession, Tensor } = loadOnnxruntime();
const threads = readTrace(folder);
const calls = threads.flatMap((thread) => thread.calls).sort((a, b) => a.at - b.at);
const sessions = new Map<string, OrtSession>();
const feeds = new Map<string, Readonly<Record<string, OrtTensor>>>();

/** Calls of the same network with the same dimensions share their inputs. */
function feedsOf({ model, inputs }: TracedCall): Readonly<Record<string, OrtTensor>> {
  const key = model + JSON.stringify(inputs);
  let known = feeds.get(key);
  if (known === undefined) {
    const tensors = Object.entries(inputs).map(([name, { dims, file }]): [string, OrtTensor] => {
      const bytes = Uint8Array.from(readFileSync(join(folder, file)));
      return [name, new Tensor('float32', new Float32Array(bytes.buffer), dims)];
    });
    feeds.set(key, (known = Object.fromEntries(tensors)));
  }
  return known;
}

for (const [sha256, options] of threads.flatMap(({ models }) => Object.entries(models))) {
  if (!sessions.has(sha256)) {
    sessions.set(sha256, await InferenceSession.create(readFileSync(modelFile(folder, sha256)), options));
  }
}
// Each network once before the clock starts.
const warm = new Set<string>();
for (const call of calls) {
  const inputs = feedsOf(call);
  if (!warm.has(call.model)) await sessions.get(call.model)?.run(inputs);
  warm.add(call.model);
}

port.once('message', () => {
  void work();
});
port.postMessage('ready');

async function work(): Promise<void> {
  const counter = new Int32Array(next);
  for (let at = Atomics.add(counter, 0, 1); at < calls.length; at = Atomics.add(counter, 0, 1)) {
    const call = calls[at];
    if (call !== undefined) await sessions.get(call.model)?.run(feedsOf(call));
  }
  port?.postMessage('done');
}

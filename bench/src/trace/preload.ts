/*
 * Loaded with `node --import` before a program: writes down every network that it loads and every run of one, with the
 * CPU time it took, into the folder TRACE_FOLDER names. The program itself knows nothing of it.
 */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';

import { loadOnnxruntime, type OrtSession } from './onnxruntime.js';
import { processCpuSeconds, threadCpuSeconds } from './thread-cpu.js';
import { modelFile, writeThreadTrace, type ThreadTrace, type TracedCall } from './trace.js';

const folder = process.env['TRACE_FOLDER'];
if (folder === undefined) throw new Error('TRACE_FOLDER names no folder.');

const models: Record<string, Readonly<Record<string, unknown>>> = {};
const calls: TracedCall[] = [];

function keepOnce(path: string, bytes: Uint8Array): void {
  if (!existsSync(path)) writeFileSync(path, bytes);
}

function trace(session: OrtSession, model: string, into: string): void {
  const run = session.run.bind(session);
  session.run = async (feeds) => {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { dims, data }]) => {
        const file = `${model.slice(0, 12)}-${name}-${dims.join('x')}.f32`;
        keepOnce(join(into, file), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        return [name, { dims: [...dims], file }];
      }),
    );
    const at = Date.now();
    const before = threadCpuSeconds();
    const outputs = await run(feeds);
    calls.push({ model, inputs, at, cpu: threadCpuSeconds() - before });
    return outputs;
  };
}

// Networks run in workers only.
if (!isMainThread) {
  const { InferenceSession } = loadOnnxruntime();
  const create = InferenceSession.create.bind(InferenceSession);
  InferenceSession.create = async (bytes, options) => {
    const session = await create(bytes, options);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    models[sha256] = options;
    keepOnce(modelFile(folder, sha256), bytes);
    trace(session, sha256, folder);
    return session;
  };
}

process.on('exit', () => {
  const result: ThreadTrace = {
    thread: isMainThread ? 'main' : 'worker',
    cpu: threadCpuSeconds(),
    process: isMainThread ? processCpuSeconds() : null,
    models,
    calls,
  };
  writeThreadTrace(folder, threadId, result);
});

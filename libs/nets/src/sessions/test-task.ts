/* A task for the pool's tests: a small network, and ways to fail. */
import {
  conv,
  createGraph,
  encodeModel,
  flatten,
  gemm,
  graphInput,
  graphOutput,
  relu,
} from '../onnx/index.js';
import { floatOutput } from './session.js';
import { task, type OpenSession, type TaskOutcome } from './task.js';

const SIDE = 64;
const CHANNELS = 32;

/** What the test task is asked for. */
export type TestPayload =
  | { readonly kind: 'run'; readonly seed: number; readonly repeat: number }
  | { readonly kind: 'throw' }
  | { readonly kind: 'die' };

/** The factory that the pool's tests load. */
export async function createTestRun(
  options: { readonly fail: boolean },
  open: OpenSession,
): Promise<(payload: TestPayload) => Promise<TaskOutcome<Float32Array>>> {
  if (options.fail) throw new Error('the factory fails');
  const session = await open(testModel());
  return async (payload) => {
    if (payload.kind === 'throw') throw new Error('the run fails');
    if (payload.kind === 'die') {
      setImmediate(() => {
        throw new Error('the worker dies');
      });
      await new Promise(() => undefined);
      return { result: new Float32Array() };
    }
    let outputs = {};
    const image = { dims: [1, 3, SIDE, SIDE], data: noise(3 * SIDE * SIDE, payload.seed) };
    for (let i = 0; i < payload.repeat; i += 1) outputs = await session.run({ image });
    const { data } = floatOutput(outputs, 'numbers');
    return { result: data, transfer: [data.buffer as ArrayBuffer] };
  };
}

/** The task itself. */
export function testTask(fail = false) {
  return task(import.meta.url, createTestRun, { fail });
}

/** Numbers in -1..1 that depend only on the seed. Source: Marsaglia's xorshift32. */
export function noise(length: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2147483648 - 1;
  });
}

function testModel(): Uint8Array {
  const graph = createGraph('test');
  let x = graphInput(graph, 'image', ['N', 3, SIDE, SIDE]);
  for (let layer = 0; layer < 4; layer += 1) {
    const input = layer === 0 ? 3 : CHANNELS;
    const filters = { shape: [3, 3, input, CHANNELS], data: noise(9 * input * CHANNELS, layer + 1) };
    x = relu(graph, conv(graph, x, filters, null, { stride: layer === 0 ? 1 : 2 }));
  }
  const inputs = (SIDE / 8) ** 2 * CHANNELS;
  x = gemm(graph, flatten(graph, x), { shape: [inputs, 10], data: noise(inputs * 10, 9) }, null);
  graphOutput(graph, x, 'numbers', ['N', 10]);
  return encodeModel(graph);
}

import { existsSync, readFileSync } from 'node:fs';
import { DeadpanError, sentenceOf } from '@deadpan/shared/errors';
import * as ort from 'onnxruntime-node';
import { autoDevice, hasCuda } from './auto-device.js';
import { keepToMachine } from './keep-to-machine.js';
import type { Device, Engine, Session, Tensor, Tensors } from './session.js';

/**
 * Networks on onnxruntime-node. For worker threads only: loading and running block the thread.
 * @throws DeadpanError E_ENGINE_MISSING where the device has no provider on this machine
 */
export function onnxruntimeEngine(device: Exclude<Device, 'tfjs'>): Engine {
  keepToMachine();
  const options = sessionOptions(device === 'auto' ? autoDevice() : device);
  return {
    async open(model) {
      try {
        // onnxruntime takes no shared memory on Node 20.
        const own = model.buffer instanceof SharedArrayBuffer ? new Uint8Array(model) : model;
        return wrap(await ort.InferenceSession.create(own, options));
      } catch (cause) {
        throw new DeadpanError('E_MODEL_INVALID', `onnxruntime cannot load a network: ${sentenceOf(cause)}`, {
          cause,
        });
      }
    },
  };
}

/** Every setting of an onnxruntime session, with its reason. */
function sessionOptions(provider: 'cpu' | 'webgpu' | 'cuda'): ort.InferenceSession.SessionOptions {
  if (provider === 'cuda' && !hasCuda()) {
    throw new DeadpanError('E_ENGINE_MISSING', 'onnxruntime has no CUDA provider on this machine.', {
      advice:
        'Run npm rebuild onnxruntime-node --ignore-scripts=false --onnxruntime-node-install=cuda12, or choose device cpu.',
    });
  }
  return {
    executionProviders: [provider],
    // The workers are the parallelism; a session with threads of its own would fight the other workers for the cores.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Depthwise networks run more than twice as fast fused.
    graphOptimizationLevel: 'all',
    // Memory patterns are kept per input shape, and batches vary.
    enableMemPattern: false,
    // Without VNNI products of bytes are added in 16 bits, which overflow; the exact way takes twice as long.
    extra: { session: { x64quantprecision: hasVnni() ? '0' : '1' } },
    // Only errors: a warning would reach stderr past the logger.
    logSeverityLevel: 3,
  };
}

/** Whether the processor adds products of bytes in 32 bits; where the kernel does not say, it may not. */
function hasVnni(): boolean {
  const cpuinfo = '/proc/cpuinfo';
  return existsSync(cpuinfo) && /\bavx(512)?_vnni\b/.test(readFileSync(cpuinfo, 'latin1'));
}

function wrap(session: ort.InferenceSession): Session {
  return {
    async run(inputs) {
      const results = await session.run(
        Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, toOrt(tensor)])),
      );
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, fromOrt(name, tensor)]),
      ) satisfies Tensors;
    },
    release: () => session.release(),
  };
}

function toOrt({ dims, data }: Tensor): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, dims);
  if (data instanceof Uint8Array) return new ort.Tensor('uint8', data, dims);
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, dims);
  return new ort.Tensor('int64', data, dims);
}

function fromOrt(name: string, { dims, data }: ort.Tensor): Tensor {
  if (
    data instanceof Float32Array ||
    data instanceof Uint8Array ||
    data instanceof Int32Array ||
    data instanceof BigInt64Array
  ) {
    return { dims, data };
  }
  throw new TypeError(`The output ${name} is of a type that no network of Deadpan has.`);
}

import { DeadpanError } from '@deadpan/shared/errors';
import type { Device, Engine } from './session.js';

/**
 * The engine of a device. The packages behind it are loaded only here, in the worker that runs them.
 * @throws DeadpanError E_ENGINE_MISSING where it is not installed
 */
export async function openEngine(device: Device): Promise<Engine> {
  if (device === 'tfjs') {
    const { tensorflowEngine } = await import('./tensorflow-engine.js');
    return tensorflowEngine();
  }
  try {
    const { onnxruntimeEngine } = await import('./onnxruntime-engine.js');
    return onnxruntimeEngine(device);
  } catch (cause) {
    if (cause instanceof DeadpanError) throw cause;
    throw new DeadpanError('E_ENGINE_MISSING', 'onnxruntime-node cannot be loaded on this machine.', {
      cause,
      advice: 'Install the dependencies again with npm ci, on Node 20 or later.',
    });
  }
}

import { createRequire } from 'node:module';
import util from 'node:util';
import { DeadpanError } from '@deadpan/shared';

/** TensorFlow as Deadpan uses it: the API of tfjs with a native backend. */
export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/** The packages that bring it, the faster first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/**
 * Loads the best native TensorFlow there is: tfjs-node-gpu where it is installed and finds its CUDA, else tfjs-node. One
 * thread of a process only: its binding keeps one context for all.
 * @throws DeadpanError E_ENGINE_MISSING where there is neither
 */
export function loadTensorflow(): TensorFlow {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // tfjs-node 4.22 still calls two functions that Node 23 removed.
  const holder = util as unknown as Record<string, unknown>;
  holder['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  holder['isArray'] ??= Array.isArray;
  const require = createRequire(import.meta.url);
  let cause: unknown;
  for (const name of PACKAGES) {
    try {
      return require(name) as TensorFlow;
    } catch (error) {
      cause = error;
    }
  }
  throw new DeadpanError('E_ENGINE_MISSING', 'Native TensorFlow is not installed on this machine.', {
    cause,
    advice:
      'Run node infra/tensorflow/install.mjs; it needs Python 3 with pip, make and g++ (infra/tensorflow/README.md).',
  });
}

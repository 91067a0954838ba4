import { createRequire } from 'node:module';
import util from 'node:util';

/** TensorFlow as this package uses it: the API of tfjs with a native backend. */
export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/** Native TensorFlow is missing or does not load. */
export class BackendError extends Error {
  readonly code = 'TENSORFLOW_MISSING';
  readonly advice =
    'Run `node infra/tensorflow/install.mjs` (see infra/tensorflow/README.md); it needs Python 3 with pip, make and g++.';
  constructor(cause: unknown) {
    super('Native TensorFlow does not load. Run `node infra/tensorflow/install.mjs`.', { cause });
    this.name = 'BackendError';
  }
}

// tfjs-node 4.22 still calls two functions that Node 23 removed.
function restoreRemovedFunctions(): void {
  const holder = util as unknown as Record<string, unknown>;
  holder['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  holder['isArray'] ??= Array.isArray;
}

function load(): TensorFlow {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  restoreRemovedFunctions();
  const require = createRequire(import.meta.url);
  try {
    return require('@tensorflow/tfjs-node-gpu') as TensorFlow;
  } catch {
    // Not installed, or no CUDA: the CPU build is next.
  }
  try {
    return require('@tensorflow/tfjs-node') as TensorFlow;
  } catch (cause) {
    throw new BackendError(cause);
  }
}

/**
 * The best native TensorFlow there is: tfjs-node-gpu if installed, else tfjs-node.
 * @throws BackendError on import when there is neither
 */
export const tf: TensorFlow = load();

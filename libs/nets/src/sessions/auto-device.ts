import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Whether onnxruntime's CUDA provider is installed; whether there is a device for it shows when a network is opened. */
export function hasCuda(): boolean {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return existsSync(
    join(root, 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so'),
  );
}

/** What device `auto` is on this machine. */
export const autoDevice = (): 'cuda' | 'cpu' => (hasCuda() ? 'cuda' : 'cpu');

import { createRequire } from 'node:module';

/** A tensor of onnxruntime. */
export interface OrtTensor {
  readonly type: string;
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What the bench uses of a session. */
export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>>;
}

/** What the bench uses of onnxruntime. */
export interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

/** The very onnxruntime that libs/nets loads: another copy would neither be traced nor be the same engine. */
export function loadOnnxruntime(): Ort {
  return createRequire(new URL('../../../libs/nets/package.json', import.meta.url))(
    'onnxruntime-node',
  ) as Ort;
}

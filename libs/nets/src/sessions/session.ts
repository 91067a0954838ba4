/** A dense tensor: its dimensions and its values in row-major order. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array | Int32Array | BigInt64Array;
}

/** Tensors by the names of a network's inputs or outputs. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A loaded network. Lives in one worker and runs one batch at a time. */
export interface Session {
  /** Runs one batch. Blocks the thread that it is called on. */
  run(inputs: Tensors): Promise<Tensors>;
  /** Frees the network. Not before a run in progress has ended. */
  release(): Promise<void>;
}

/** Loads networks. The one thing that differs between onnxruntime and another implementation. */
export interface Engine {
  /**
   * @param model the bytes of an .onnx file
   * @throws DeadpanError E_MODEL_INVALID where the engine cannot load the model
   */
  open(model: Uint8Array): Promise<Session>;
}

/**
 * What runs networks. `auto` takes onnxruntime's CUDA where it is installed, and its CPU otherwise; `tfjs` is native
 * TensorFlow instead.
 */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'tfjs'] as const;

/** One of {@link DEVICES}. */
export type Device = (typeof DEVICES)[number];

/** The float tensor called `name` among a network's outputs. A missing one means a bug in the caller or the model. */
export function floatOutput(outputs: Tensors, name: string): Tensor & { readonly data: Float32Array } {
  const tensor = outputs[name];
  if (tensor === undefined || !(tensor.data instanceof Float32Array)) {
    throw new TypeError(`The network has no output of floats called ${name}.`);
  }
  return { dims: tensor.dims, data: tensor.data };
}

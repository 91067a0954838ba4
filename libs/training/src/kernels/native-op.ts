import type { Tensor } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

type Binding = Readonly<
  Record<'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_FLOAT', number>
>;

/** The part of tfjs-node's backend that runs any TensorFlow operation by name. */
interface NativeBackend {
  readonly binding: Binding;
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

type Attribute = {
  readonly name: string;
  readonly kind: 'float' | 'string' | 'bool';
  readonly value: number | string | boolean;
};

function encodeAttributes(attributes: readonly Attribute[]): object[] {
  const { binding } = nativeBackend();
  const types = { float: binding.TF_ATTR_FLOAT, string: binding.TF_ATTR_STRING, bool: binding.TF_ATTR_BOOL };
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    ...attributes.map(({ name, kind, value }) => ({ name, type: types[kind], value })),
  ];
}

/**
 * Runs one TensorFlow operation on float tensors: for operations that tfjs composes of many small ones.
 * The result is not on the gradient tape; wrap calls in `tf.customGrad`.
 */
export function nativeOp(
  name: string,
  inputs: readonly Tensor[],
  attributes: readonly Attribute[] = [],
): Tensor {
  return nativeBackend().executeSingleOutput(name, encodeAttributes(attributes), inputs);
}

/** Like `nativeOp`, for operations with several outputs. */
export function nativeOps(
  name: string,
  inputs: readonly Tensor[],
  outputs: number,
  attributes: readonly Attribute[] = [],
): Tensor[] {
  return nativeBackend().executeMultipleOutputs(name, encodeAttributes(attributes), inputs, outputs);
}

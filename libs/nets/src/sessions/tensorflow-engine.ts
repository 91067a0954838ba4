import type { Tensor as TfTensor } from '@tensorflow/tfjs-node';
import { DeadpanError, sentenceOf } from '@deadpan/shared';
import { readModel, type Graph, type Value } from '../onnx/index.js';
import { loadTensorflow, type TensorFlow } from '../tensorflow/load-tensorflow.js';
import { channelsFirst, channelsLast, constantTensor, makeStep, type Step } from '../tensorflow/operators.js';
import type { Engine, Session, Tensors } from './session.js';

/**
 * The same networks on native TensorFlow, operator by operator as they stand in the graph: integers are computed as the
 * floats that they stand for. For one worker thread: loading and running block it, and TensorFlow has threads of its own.
 * @throws DeadpanError E_ENGINE_MISSING where TensorFlow is not installed
 */
export function tensorflowEngine(): Engine {
  const tf = loadTensorflow();
  return {
    open: (model) =>
      promised(() => {
        try {
          // Text cannot be decoded from shared memory.
          const own = model.buffer instanceof SharedArrayBuffer ? Uint8Array.from(model) : model;
          return openGraph(tf, readModel(own));
        } catch (cause) {
          throw new DeadpanError('E_MODEL_INVALID', `TensorFlow cannot run a network: ${sentenceOf(cause)}`, {
            cause,
          });
        }
      }),
  };
}

function openGraph(tf: TensorFlow, graph: Graph): Session {
  const held: TfTensor[] = [];
  const hold = (tensor: TfTensor): TfTensor => {
    held.push(tensor);
    return tensor;
  };
  const constants = new Map<Value, TfTensor>();
  for (const [name, constant] of graph.constants) constants.set(name, hold(constantTensor(tf, constant)));
  const steps: { readonly inputs: readonly Value[]; readonly output: Value; readonly run: Step }[] = [];
  for (const node of graph.nodes) {
    const run = makeStep({ tf, graph, node, constants, hold });
    const inputs = node.inputs.filter((input) => input !== '');
    const known = inputs.flatMap((input) => constants.get(input) ?? []);
    // What hangs on constants alone, such as weights stored in fewer bits, is computed once.
    if (known.length === inputs.length) constants.set(node.output, hold(tf.tidy(() => run(known))));
    else steps.push({ inputs, output: node.output, run });
  }

  function runGraph(inputs: Tensors): Tensors {
    const values = new Map<Value, TfTensor>();
    for (const { name } of graph.inputs) {
      const input = inputs[name];
      if (input === undefined) throw new TypeError(`The network needs an input called ${name}.`);
      const floats = input.data instanceof Float32Array ? input.data : Float32Array.from(input.data, Number);
      values.set(name, channelsLast(tf, tf.tensor(floats, [...input.dims], 'float32')));
    }
    for (const { inputs: names, output, run } of steps) {
      values.set(output, run(names.flatMap((name) => values.get(name) ?? constants.get(name) ?? [])));
    }
    return Object.fromEntries(
      graph.outputs.map(({ name }) => {
        const value = values.get(name);
        if (value === undefined) throw new RangeError(`no node gives the output ${name}`);
        const output = channelsFirst(tf, value);
        return [name, { dims: output.shape, data: output.dataSync<'float32'>() }];
      }),
    );
  }

  return {
    run: (inputs) =>
      promised(() => {
        // Not tf.tidy, which only lets tensors out.
        tf.engine().startScope();
        try {
          return runGraph(inputs);
        } finally {
          tf.engine().endScope();
        }
      }),
    release: () =>
      promised(() => {
        tf.dispose(held.splice(0));
      }),
  };
}

/** What TensorFlow does at once, as a promise. */
function promised<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

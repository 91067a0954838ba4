import { parameterShapes, type Network, type Parameters, type Weights } from '@deadpan/nets';
import type { Tensor, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { normal, type Random } from '../random.js';

/** The learnt numbers of a network while it trains, by the parameter's name. */
export type Variables = ReadonlyMap<string, Variable>;

// He et al. 2015: keeps the variance of activations behind rectifiers.
function initialValues(name: string, shape: readonly number[], random: Random): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (name.endsWith('/scale') || name.endsWith('/variance')) return new Float32Array(count).fill(1);
  if (!name.endsWith('/weights')) return new Float32Array(count);
  const fanIn = count / (shape.at(-1) ?? 1);
  const deviation = Math.sqrt(2 / fanIn);
  return Float32Array.from({ length: count }, () => normal(random) * deviation);
}

/**
 * Creates the variables of `network`.
 * @param random source of the initial weights
 * @param given values to take instead of drawing them, e.g. a pretrained trunk; names the network lacks are ignored
 * @throws Error when a given value's shape does not fit
 */
export function createVariables(
  network: Network,
  random: Random,
  given: Parameters = new Map<string, Weights>(),
): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const [name, shape] of parameterShapes(network)) {
    const start = given.get(name);
    if (start && start.shape.join() !== shape.join()) {
      throw new Error(
        `${network.name}: ${name} is ${shape.join('x')}, but ${start.shape.join('x')} was given`,
      );
    }
    const values = start?.data ?? initialValues(name, shape, random);
    const trainable = !/\/(mean|variance)$/.test(name);
    // tfjs needs a name that is unique in the process only when none is given; names here are per network.
    variables.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, [...shape], 'float32'), trainable)),
    );
  }
  return variables;
}

/** Copies the variables' values out of TensorFlow. */
export function readParameters(variables: ReadonlyMap<string, Tensor>): Map<string, Weights> {
  const parameters = new Map<string, Weights>();
  for (const [name, variable] of variables) {
    parameters.set(name, { shape: variable.shape, data: Float32Array.from(variable.dataSync()) });
  }
  return parameters;
}

/**
 * Sets variables to given values.
 * @throws Error when a value is missing
 */
export function assignParameters(variables: Variables, parameters: Parameters): void {
  for (const [name, variable] of variables) {
    const parameter = parameters.get(name);
    if (!parameter) throw new Error(`no value for ${name}`);
    tf.tidy(() => {
      variable.assign(tf.tensor(parameter.data, variable.shape, 'float32'));
    });
  }
}

/** Frees the variables' memory. */
export function disposeVariables(variables: Variables): void {
  for (const variable of variables.values()) variable.dispose();
}

import { createGraph, node, type Constant, type Graph, type GraphNode, type Value } from '../onnx/index.js';
import type { Ranges } from './calibrate.js';

/** Operators with weights that integers compute in a quarter of the time. */
const WEIGHTED = new Set(['Conv', 'Gemm']);
/** Operators that follow their inputs into integers; their outputs have a scale of their own. */
const FOLLOWING = new Set(['Relu', 'LeakyRelu', 'Clip', 'Add', 'AveragePool', 'Concat', 'Resize']);
/** The same, but their outputs have the scale of their input: they move numbers and make no larger ones. */
const MOVING = new Set(['MaxPool', 'Pad', 'Flatten', 'Transpose']);
/** What the runtime folds into the rounding of the operator before it. */
const FOLDED = new Set(['Relu', 'Clip']);

/** How real numbers become eight bits: real = scale * (stored - zero). */
interface Scale {
  readonly scale: number;
  readonly zero: number;
}

/**
 * Rewrites a network for integer arithmetic: activations are unsigned bytes with one scale each, weights signed bytes
 * with a scale per output channel, biases 32-bit integers, sums are exact. In the QDQ form of ONNX: pairs of
 * QuantizeLinear and DequantizeLinear around float operators, which onnxruntime turns into integer ones and which any
 * other engine computes as they stand.
 * Source: Jacob et al. 2018, arXiv:1712.05877; onnxruntime.ai, "Quantize ONNX models".
 * @param ranges from `calibrate`, or known from the network
 * @param float names of the convolutions and dense layers that stay as they are
 */
export function quantize(source: Graph, ranges: Ranges, float: readonly string[] = []): Graph {
  const target = createGraph(source.name);
  target.inputs.push(...source.inputs);
  target.outputs.push(...source.outputs);
  for (const name of source.names) target.names.add(name);

  const users = new Map<Value, GraphNode[]>();
  for (const each of source.nodes) {
    for (const input of each.inputs) users.set(input, [...(users.get(input) ?? []), each]);
  }
  const integers = integerNodes(source, float);
  const scales = new Map<Value, Scale>();
  /** Values as they are after rounding, by the value that is rounded. */
  const rounded = new Map<Value, Value>();

  const scaleOf = (value: Value): Scale => {
    const known = scales.get(value);
    if (known !== undefined) return known;
    const range = ranges[value];
    if (range === undefined) throw new Error(`${source.name}: ${value} was not calibrated`);
    const scale = activationScale(range);
    scales.set(value, scale);
    return scale;
  };
  const round = (value: Value): Value => {
    const known = rounded.get(value);
    if (known !== undefined) return known;
    const { scale, zero } = scaleOf(value);
    const parameters = [
      put(target, `${value}.scale`, { shape: [], data: Float32Array.of(scale) }),
      put(target, `${value}.zero`, { shape: [], data: Uint8Array.of(zero) }),
    ];
    const stored = node(target, 'QuantizeLinear', [value, ...parameters], {}, `${value}.stored`);
    const real = node(target, 'DequantizeLinear', [stored, ...parameters], {}, `${value}.rounded`);
    rounded.set(value, real);
    return real;
  };

  for (const each of source.nodes) {
    const isInteger = integers.has(each.output);
    const [x = '', weights = '', bias = ''] = each.inputs;
    const inputs = each.inputs.map((input) => {
      const constant = source.constants.get(input);
      if (constant !== undefined) {
        if (!isInteger || !WEIGHTED.has(each.operator)) target.constants.set(input, constant);
        return input;
      }
      const previous = integers.get(input);
      const isFolded = previous !== undefined && isInteger && FOLDED.has(each.operator) && isAlone(input);
      if (input === '' || isFolded || (!isInteger && previous === undefined)) return input;
      return round(input);
    });
    if (isInteger && MOVING.has(each.operator)) scales.set(each.output, scaleOf(x));
    if (isInteger && WEIGHTED.has(each.operator)) {
      const axis = each.operator === 'Conv' ? 0 : 1;
      const parts = roundWeights(source, [weights, bias], axis, scaleOf(x).scale);
      inputs[1] = putInteger(target, weights, parts.weights, parts.scales, axis);
      if (parts.bias !== null) {
        const biasScales = parts.scales.map((scale) => scale * scaleOf(x).scale);
        inputs[2] = putInteger(target, bias, parts.bias, biasScales, 0);
      }
    }
    target.nodes.push({ ...each, inputs });
  }
  return target;

  /** Whether one rectifier is all that uses a value. */
  function isAlone(value: Value): boolean {
    return users.get(value)?.length === 1;
  }
}

/** The nodes that work on integers, by their outputs. */
function integerNodes({ nodes, constants }: Graph, float: readonly string[]): Map<Value, GraphNode> {
  const found = new Map<Value, GraphNode>();
  for (const each of nodes) {
    const { operator, inputs, output } = each;
    const [x = ''] = inputs;
    const follows =
      operator === 'Add' || operator === 'Concat'
        ? inputs.every((input) => found.has(input))
        : (FOLLOWING.has(operator) || MOVING.has(operator)) && found.has(x);
    const computes = WEIGHTED.has(operator) && !float.includes(output) && constants.has(inputs[1] ?? '');
    if (follows || computes) found.set(output, each);
  }
  return found;
}

// Zero is always among the numbers that can be stored exactly: padding is made of it.
function activationScale([least, greatest]: readonly [number, number]): Scale {
  const [low, high] = [Math.min(0, least), Math.max(0, greatest)];
  const scale = Math.fround(high > low ? (high - low) / 255 : 1);
  return { scale, zero: Math.round(-low / scale) };
}

/** The greatest of a 32-bit integer that a bias may be, with room for the sum it is added to. */
const MOST_BIAS = 2 ** 30;

function roundWeights(
  { constants }: Graph,
  [weights, bias]: readonly [Value, Value],
  axis: 0 | 1,
  inputScale: number,
) {
  const { shape, data } = floatsOf(constants.get(weights));
  const channels = shape[axis] ?? 1;
  // Numbers of a channel that follow each other; the channels come round again after the last.
  const run = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const biases = bias === '' ? null : floatsOf(constants.get(bias)).data;
  const greatest = new Float32Array(channels);
  for (let at = 0, c = 0; at < data.length; at += run, c = (c + 1) % channels) {
    let most = greatest[c] ?? 0;
    for (let i = at; i < at + run; i += 1) most = Math.max(most, Math.abs(data[i] ?? 0));
    greatest[c] = most;
  }
  // A channel of weights near zero must still hold its bias.
  const scales = greatest.map((most, c) =>
    Math.max(most / 127, Math.abs(biases?.[c] ?? 0) / (inputScale * MOST_BIAS), 1e-12),
  );
  const stored = new Int8Array(data.length);
  for (let at = 0, c = 0; at < data.length; at += run, c = (c + 1) % channels) {
    const scale = scales[c] ?? 1;
    for (let i = at; i < at + run; i += 1) stored[i] = Math.round((data[i] ?? 0) / scale);
  }
  return {
    scales,
    weights: { shape, data: stored },
    bias:
      biases === null
        ? null
        : {
            shape: [channels],
            data: Int32Array.from(biases, (value, c) => Math.round(value / (inputScale * (scales[c] ?? 1)))),
          },
  };
}

function floatsOf(constant: Constant | undefined): { shape: readonly number[]; data: Float32Array } {
  if (!(constant?.data instanceof Float32Array)) throw new Error('weights that are not 32-bit floats');
  return { shape: constant.shape, data: constant.data };
}

function put(graph: Graph, name: string, constant: Constant): Value {
  graph.constants.set(name, constant);
  graph.names.add(name);
  return name;
}

/** Stores integers with a scale per channel, and the node that makes real numbers of them. */
function putInteger(
  graph: Graph,
  name: Value,
  constant: Constant,
  scales: Float32Array,
  axis: number,
): Value {
  const stored = put(graph, `${name}.stored`, constant);
  const scale = put(graph, `${name}.scale`, { shape: [scales.length], data: scales });
  // All zero, and told all the same: where onnxruntime moves weights to 0..255 it takes a missing one for a single number.
  const zero = put(graph, `${name}.zero`, {
    shape: [scales.length],
    data: constant.data instanceof Int8Array ? new Int8Array(scales.length) : new Int32Array(scales.length),
  });
  return node(graph, 'DequantizeLinear', [stored, scale, zero], { axis: { int: axis } }, `${name}.rounded`);
}

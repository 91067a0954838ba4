import { transposeTensor, type Graph, type Value, type Weights } from '../onnx/index.js';
import { fromHalf } from '../quantization/half.js';
import { shapeOf, type Layer, type Network, type Source } from './network.js';
import { parameterShapes, type Parameters } from './parameters.js';
import { BATCH_NORM_EPSILON } from './to-onnx.js';

/**
 * The parameters of a network from a graph that `addNetwork` wrote, whatever `storeHalf` and `quantize` made of its
 * weights since: what they rounded stays rounded. Batch norm comes back as the scale and offset that it had become, with
 * a mean of 0 and a variance of 1.
 * @throws RangeError where the graph is another network's
 */
export function parametersFrom(graph: Graph, network: Network): Parameters {
  const numbers = new Map<string, Float32Array>();
  for (const layer of network.layers) {
    for (const [role, data] of learntNumbers(graph, network, layer))
      numbers.set(`${layer.name}/${role}`, data);
  }
  return new Map(
    [...parameterShapes(network)].map(([name, shape]) => {
      const data = numbers.get(name);
      if (data?.length !== shape.reduce((product, side) => product * side, 1))
        throw otherNetwork(graph, name);
      return [name, { shape, data }];
    }),
  );
}

function learntNumbers(graph: Graph, network: Network, layer: Layer): [role: string, data: Float32Array][] {
  const { name } = layer;
  switch (layer.op) {
    case 'conv':
    case 'conv-transpose': {
      const [filters, bias] = weightsOfNode(graph, name);
      return [
        ['weights', transposeTensor(filters, [2, 3, 1, 0])],
        ['bias', bias?.data ?? new Float32Array(layer.shape[2])],
      ];
    }
    case 'dense': {
      const [weights, bias] = weightsOfNode(graph, name);
      const rows = denseRowsToChannelsLast(network, layer.input, weights);
      return bias === undefined
        ? [['weights', rows]]
        : [
            ['weights', rows],
            ['bias', bias.data],
          ];
    }
    case 'batch-norm': {
      const factor = numbersOf(graph, `${name}.factor`).data;
      return [
        ['scale', factor.map((value) => value * Math.sqrt(1 + BATCH_NORM_EPSILON))],
        ['offset', numbersOf(graph, `${name}.offset`).data],
        ['mean', new Float32Array(factor.length)],
        ['variance', new Float32Array(factor.length).fill(1)],
      ];
    }
    default:
      return [];
  }
}

function weightsOfNode(graph: Graph, name: string): [weights: Weights, bias: Weights | undefined] {
  const [, weights, bias] = graph.nodes.find(({ output }) => output === name)?.inputs ?? [];
  if (weights === undefined) throw otherNetwork(graph, name);
  return [numbersOf(graph, weights), bias === undefined ? undefined : numbersOf(graph, bias)];
}

/** A constant as 32-bit floats, also where the graph stores it in halves or in integers. */
function numbersOf(graph: Graph, value: Value): Weights {
  const constant = graph.constants.get(value);
  if (constant?.data instanceof Float32Array) return { shape: constant.shape, data: constant.data };
  const source = graph.nodes.find(({ output }) => output === value);
  const [stored, scale] = source?.inputs.map((input) => graph.constants.get(input)) ?? [];
  if (source?.operator === 'Cast' && stored?.data instanceof Uint16Array) {
    return { shape: stored.shape, data: fromHalf(stored.data) };
  }
  const axis = source?.attributes['axis'];
  if (
    source?.operator !== 'DequantizeLinear' ||
    !(stored?.data instanceof Int8Array || stored?.data instanceof Int32Array) ||
    !(scale?.data instanceof Float32Array) ||
    axis === undefined ||
    !('int' in axis)
  ) {
    throw otherNetwork(graph, value);
  }
  // Numbers of a channel that follow each other, as `quantize` stored them.
  const run = stored.shape.slice(axis.int + 1).reduce((product, side) => product * side, 1);
  const scales = scale.data;
  return {
    shape: stored.shape,
    data: Float32Array.from(
      stored.data,
      (integer, i) => integer * (scales[Math.floor(i / run) % scales.length] ?? 0),
    ),
  };
}

// The other way round than addNetwork: a flatten in training has the channels last.
function denseRowsToChannelsLast(network: Network, source: Source, weights: Weights): Float32Array {
  const layer = network.layers.find(({ name }) => name === source);
  if (layer?.op === 'dropout') return denseRowsToChannelsLast(network, layer.input, weights);
  if (layer?.op !== 'flatten') return weights.data;
  const [height, width, channels] = shapeOf(network, layer.input);
  const shape = [channels, height, width, weights.shape[1] ?? 1];
  return transposeTensor({ shape, data: weights.data }, [1, 2, 0, 3]);
}

function otherNetwork(graph: Graph, name: string): RangeError {
  return new RangeError(`the graph ${graph.name} has no ${name} as it was expected`);
}

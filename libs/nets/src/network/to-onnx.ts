import {
  add,
  averagePool,
  concat,
  conv,
  convTranspose,
  denseRowsToChannelsFirst,
  floats,
  flatten,
  gemm,
  gridSample,
  leakyRelu,
  max,
  maxPool,
  mul,
  pad,
  relu,
  reshape,
  resize,
  sigmoid,
  slice,
  softmax,
  tanh,
  transpose,
  type Graph,
  type Value,
  type Weights,
} from '../onnx/index.js';
import { shapeOf, type Layer, type Network, type Source } from './network.js';
import type { Parameters } from './parameters.js';

/** Added to the variance in batch normalisation; TensorFlow's and Keras' default. */
export const BATCH_NORM_EPSILON = 1e-3;

/**
 * Adds a network to an ONNX graph: the same layers, channels first, dropout left out, batch norm as its running mean
 * and variance.
 * @param input value of the graph, [N, channels, height, width]
 * @returns the value of each of the network's outputs by its public name; vectors are [N, units]
 * @throws Error when a parameter is missing
 */
export function addNetwork(
  graph: Graph,
  network: Network,
  parameters: Parameters,
  input: Value,
): Record<string, Value> {
  const values = new Map<Source, Value>([[network.input.name, input]]);
  const valueOf = (source: Source): Value => {
    const value = values.get(source);
    if (value === undefined) throw new Error(`${network.name} uses ${source} before it is there`);
    return value;
  };
  for (const layer of network.layers) {
    values.set(layer.name, addLayer(graph, network, parameters, layer, valueOf));
  }
  return Object.fromEntries(Object.entries(network.outputs).map(([name, source]) => [name, valueOf(source)]));
}

function addLayer(
  graph: Graph,
  network: Network,
  parameters: Parameters,
  layer: Layer,
  valueOf: (source: Source) => Value,
): Value {
  const parameter = (role: string): Weights => {
    const found = parameters.get(`${layer.name}/${role}`);
    if (!found) throw new Error(`${network.name} has no parameter ${layer.name}/${role}`);
    return found;
  };
  const [height, width, channels] = layer.shape;
  switch (layer.op) {
    case 'conv':
      return conv(graph, valueOf(layer.input), parameter('weights'), parameter('bias').data, {
        stride: layer.stride,
        padding: layer.padding,
        name: layer.name,
      });
    case 'conv-transpose':
      return convTranspose(graph, valueOf(layer.input), parameter('weights'), parameter('bias').data, {
        stride: layer.stride,
        name: layer.name,
      });
    case 'dense':
      return gemm(
        graph,
        valueOf(layer.input),
        denseWeights(network, layer.input, parameter('weights')),
        layer.bias ? parameter('bias').data : null,
        layer.name,
      );
    case 'batch-norm': {
      const factor = parameter('scale').data.map(
        (scale, c) => scale / Math.sqrt((parameter('variance').data[c] ?? 0) + BATCH_NORM_EPSILON),
      );
      const offset = parameter('offset').data.map(
        (value, c) => value - (parameter('mean').data[c] ?? 0) * (factor[c] ?? 0),
      );
      const shape = [channels, 1, 1];
      return add(
        graph,
        mul(graph, valueOf(layer.input), floats(graph, factor, shape, `${layer.name}.factor`)),
        floats(graph, offset, shape, `${layer.name}.offset`),
      );
    }
    case 'relu':
      return relu(graph, valueOf(layer.input));
    case 'leaky-relu':
      return leakyRelu(graph, valueOf(layer.input), layer.alpha);
    case 'sigmoid':
      return sigmoid(graph, valueOf(layer.input));
    case 'tanh':
      return tanh(graph, valueOf(layer.input));
    case 'softmax':
      return softmax(graph, valueOf(layer.input));
    case 'max-feature-map': {
      const x = valueOf(layer.input);
      return max(
        graph,
        slice(graph, x, [0], [channels], [1]),
        slice(graph, x, [channels], [2 * channels], [1]),
      );
    }
    case 'max-pool':
      return maxPool(graph, valueOf(layer.input), layer.size, {
        stride: layer.stride,
        padding: layer.padding,
      });
    case 'average-pool':
      return averagePool(graph, valueOf(layer.input), layer.size, {
        stride: layer.stride,
        padding: layer.padding,
      });
    case 'pad-end': {
      const [fromHeight, fromWidth, fromChannels] = shapeOf(network, layer.input);
      return pad(graph, valueOf(layer.input), [
        0,
        0,
        0,
        0,
        0,
        channels - fromChannels,
        height - fromHeight,
        width - fromWidth,
      ]);
    }
    case 'resize': {
      const [fromHeight] = shapeOf(network, layer.input);
      return resize(graph, valueOf(layer.input), { scale: height / fromHeight });
    }
    case 'flatten':
      return flatten(graph, valueOf(layer.input));
    case 'unflatten': {
      const last = reshape(graph, valueOf(layer.input), [-1, height, width, channels]);
      return transpose(graph, last, [0, 3, 1, 2]);
    }
    case 'dropout':
      return valueOf(layer.input);
    case 'add':
      return layer.inputs.map(valueOf).reduce((sum, value) => add(graph, sum, value));
    case 'concat':
      return concat(graph, layer.inputs.map(valueOf), 1);
    case 'warp':
      return addWarp(graph, valueOf(layer.base), valueOf(layer.flow), height, width);
    case 'scale':
      return mul(graph, valueOf(layer.input), floats(graph, [layer.factor], []));
  }
}

// Training flattens channels last, ONNX channels first; the rows of the dense layer behind a flatten move with it.
function denseWeights(network: Network, source: Source, weights: Weights): Weights {
  const layer = network.layers.find((candidate) => candidate.name === source);
  if (layer?.op === 'dropout') return denseWeights(network, layer.input, weights);
  if (layer?.op !== 'flatten') return weights;
  return denseRowsToChannelsFirst(weights, ...shapeOf(network, layer.input));
}

// GridSample wants points in -1..1 over the picture's outer edges, (x, y) last.
function addWarp(graph: Graph, base: Value, flow: Value, height: number, width: number): Value {
  const places = new Float32Array(height * width * 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      places.set([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], (y * width + x) * 2);
  }
  const moved = mul(graph, transpose(graph, flow, [0, 2, 3, 1]), floats(graph, [2 / width, 2 / height]));
  return gridSample(graph, base, add(graph, moved, floats(graph, places, [1, height, width, 2])));
}

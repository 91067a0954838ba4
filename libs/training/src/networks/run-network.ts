import { BATCH_NORM_EPSILON, sourcesOf, type Layer, type Network } from '@deadpan/nets';
import type { Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { leakyRelu, relu } from '../kernels/activation.js';
import { addBias } from '../kernels/bias.js';
import { batchNorm } from '../kernels/batch-norm.js';
import { warp } from '../kernels/warp.js';
import { createRandom, seedAt } from '../random.js';
import type { Variables } from './variables.js';

/** How a forward pass is run. */
export interface RunOptions {
  /** Dropout draws and batch norm uses the batch's statistics only when training. */
  readonly training?: boolean;
  /** Seed of this pass's dropout. */
  readonly seed?: number;
  /** Weight of the newest batch in the running mean and variance; 0 leaves them alone. */
  readonly momentum?: number;
}

// Convolution of tfjs' transposed form: NHWC, weights [height, width, out, in], 'same' padding.
function convTranspose(x: Tensor4D, weights: Tensor4D, stride: number): Tensor4D {
  const [batch, height, width] = x.shape;
  return tf.conv2dTranspose(
    x,
    weights,
    [batch, height * stride, width * stride, weights.shape[2]],
    stride,
    'same',
  );
}

function padEnd(x: Tensor4D, layer: Layer): Tensor4D {
  const [, height, width, channels] = x.shape;
  return tf.pad4d(x, [
    [0, 0],
    [0, layer.shape[0] - height],
    [0, layer.shape[1] - width],
    [0, layer.shape[2] - channels],
  ]);
}

/**
 * Runs a network on a batch; what it does is on the gradient tape.
 * @param x [batch, height, width, channels]
 * @returns the value of every output of the network by its public name: [batch, height, width, channels], vectors [batch, units]
 */
export function runNetwork(
  network: Network,
  variables: Variables,
  x: Tensor4D,
  options: RunOptions = {},
): Record<string, Tensor> {
  const values = runLayers(network, variables, x, options);
  return Object.fromEntries(
    Object.entries(network.outputs).map(([name, source]) => [name, valueAt(values, source)]),
  );
}

function valueAt(values: ReadonlyMap<string, Tensor>, source: string): Tensor {
  const value = values.get(source);
  if (!value) throw new Error(`no layer ${source} has run yet`);
  return value;
}

/** Like `runNetwork`, but returns the value of every layer: for feature losses that look inside. */
export function runLayers(
  network: Network,
  variables: Variables,
  x: Tensor4D,
  options: RunOptions = {},
): Map<string, Tensor> {
  const values = new Map<string, Tensor>([[network.input.name, x]]);
  runSomeLayers(network, variables, values, () => true, options);
  return values;
}

/**
 * Runs the layers that `chosen` picks, in order, taking what they need from `values` and adding what they give.
 * For losses whose gradient must stop between two parts of a network.
 */
export function runSomeLayers(
  network: Network,
  variables: Variables,
  values: Map<string, Tensor>,
  chosen: (name: string) => boolean,
  options: RunOptions = {},
): void {
  const { training = false, seed = 0, momentum = 0.1 } = options;
  const variable = (name: string): Variable => {
    const found = variables.get(name);
    if (!found) throw new Error(`${network.name} has no parameter ${name}`);
    return found;
  };
  network.layers.forEach((layer, index) => {
    if (!chosen(layer.name)) return;
    const inputs = sourcesOf(layer).map((source) => valueAt(values, source));
    values.set(
      layer.name,
      runLayer(layer, inputs, variable, { training, seed: seedAt(seed, index), momentum }),
    );
  });
}

function runLayer(
  layer: Layer,
  inputs: readonly Tensor[],
  variable: (name: string) => Variable,
  options: Required<RunOptions>,
): Tensor {
  const [x] = inputs as [Tensor];
  const image = x as Tensor4D;
  switch (layer.op) {
    case 'conv': {
      const weights = variable(`${layer.name}/weights`) as unknown as Tensor4D;
      return addBias(
        tf.conv2d(image, weights, layer.stride, layer.padding),
        variable(`${layer.name}/bias`) as unknown as Tensor1D,
      );
    }
    case 'conv-transpose': {
      const weights = variable(`${layer.name}/weights`) as unknown as Tensor4D;
      return addBias(
        convTranspose(image, weights, layer.stride),
        variable(`${layer.name}/bias`) as unknown as Tensor1D,
      );
    }
    case 'dense': {
      const product = tf.matMul(x, variable(`${layer.name}/weights`));
      return layer.bias ? addBias(product, variable(`${layer.name}/bias`) as unknown as Tensor1D) : product;
    }
    case 'batch-norm':
      return runBatchNorm(layer.name, image, variable, options);
    case 'relu':
      return relu(x);
    case 'leaky-relu':
      return leakyRelu(x, layer.alpha);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'softmax':
      return tf.softmax(x);
    case 'max-feature-map': {
      const halves = tf.split(x, 2, x.rank - 1);
      return tf.maximum(halves[0] as Tensor, halves[1] as Tensor);
    }
    case 'max-pool':
      return tf.maxPool(image, layer.size, layer.stride, layer.padding);
    case 'average-pool':
      return tf.avgPool(image, layer.size, layer.stride, layer.padding);
    case 'pad-end':
      return padEnd(image, layer);
    case 'resize':
      return tf.image.resizeBilinear(image, [layer.shape[0], layer.shape[1]], false, true);
    case 'flatten':
      return tf.reshape(x, [-1, layer.shape[2]]);
    case 'unflatten':
      return tf.reshape(x, [-1, ...layer.shape]);
    case 'dropout':
      return options.training ? dropout(x, layer.rate, options.seed) : x;
    case 'add':
      return inputs.reduce((sum, value) => tf.add(sum, value));
    case 'concat':
      return tf.concat([...inputs], x.rank - 1);
    case 'warp': {
      const [base, flow] = inputs as [Tensor4D, Tensor4D];
      return warp(base, flow);
    }
    case 'scale':
      return tf.mul(x, layer.factor);
  }
}

// Drawn here and not by tf.randomUniform, which is slower and whose numbers may change between versions.
function dropout(x: Tensor, rate: number, seed: number): Tensor {
  const random = createRandom(seed);
  const kept = Float32Array.from({ length: x.size }, () => (random.next() < rate ? 0 : 1 / (1 - rate)));
  return tf.mul(x, tf.tensor(kept, x.shape));
}

function runBatchNorm(
  name: string,
  x: Tensor4D,
  variable: (name: string) => Variable,
  { training, momentum }: Required<RunOptions>,
): Tensor {
  const scale = variable(`${name}/scale`) as unknown as Tensor1D;
  const offset = variable(`${name}/offset`) as unknown as Tensor1D;
  const runningMean = variable(`${name}/mean`);
  const runningVariance = variable(`${name}/variance`);
  if (!training) {
    const factor = tf.div(scale, tf.sqrt(tf.add(runningVariance, BATCH_NORM_EPSILON)));
    return tf.add(tf.mul(x, factor), tf.sub(offset, tf.mul(runningMean, factor)));
  }
  const { value, mean, variance } = batchNorm(x, scale, offset);
  if (momentum > 0) {
    tf.tidy(() => {
      runningMean.assign(tf.add(tf.mul(runningMean, 1 - momentum), tf.mul(mean, momentum)));
      runningVariance.assign(tf.add(tf.mul(runningVariance, 1 - momentum), tf.mul(variance, momentum)));
    });
  }
  tf.dispose([mean, variance]);
  return value;
}

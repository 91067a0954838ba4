import { shapeOf, type Layer, type Network, type Shape, type Source } from './network.js';

/** Adds layers to a network that is being described; every method returns the name of the layer it added. */
export interface NetworkBuilder {
  conv(
    input: Source,
    name: string,
    channels: number,
    kernel: number,
    options?: { stride?: number; padding?: 'same' | 'valid' },
  ): Source;
  convTranspose(input: Source, name: string, channels: number, kernel: number, stride: number): Source;
  dense(input: Source, name: string, units: number, options?: { bias?: boolean }): Source;
  batchNorm(input: Source, name?: string): Source;
  relu(input: Source): Source;
  leakyRelu(input: Source, alpha: number): Source;
  sigmoid(input: Source, name?: string): Source;
  tanh(input: Source, name?: string): Source;
  softmax(input: Source, name?: string): Source;
  maxFeatureMap(input: Source): Source;
  maxPool(input: Source, size: number, stride: number, padding?: 'same' | 'valid'): Source;
  averagePool(input: Source, size: number, stride: number, padding?: 'same' | 'valid'): Source;
  padEnd(input: Source, shape: Shape): Source;
  resize(input: Source, height: number, width: number): Source;
  flatten(input: Source): Source;
  unflatten(input: Source, shape: Shape): Source;
  dropout(input: Source, rate: number): Source;
  add(inputs: readonly Source[], name?: string): Source;
  concat(inputs: readonly Source[], name?: string): Source;
  warp(base: Source, flow: Source, name?: string): Source;
  scale(input: Source, factor: number): Source;
  shape(source: Source): Shape;
  build(outputs: Readonly<Record<string, Source>>): Network;
}

function windowed(extent: number, size: number, stride: number, padding: 'same' | 'valid'): number {
  return padding === 'same' ? Math.ceil(extent / stride) : Math.floor((extent - size) / stride) + 1;
}

function countOf([height, width, channels]: Shape): number {
  return height * width * channels;
}

/**
 * Starts the description of a network with one input.
 * @param name what the network is called in messages and files
 * @param input the input's public name and its height, width, channels
 * @throws Error from the methods when a name is taken or shapes do not fit
 */
export function networkBuilder(name: string, input: { name: string; shape: Shape }): NetworkBuilder {
  const layers: Layer[] = [];
  const shape = (source: Source): Shape => shapeOf({ input, layers }, source);
  const push = (layer: Layer): Source => {
    if (layer.name === input.name || layers.some((other) => other.name === layer.name)) {
      throw new Error(`${name}: two layers are named ${layer.name}`);
    }
    if (layer.shape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
      throw new Error(`${name}: layer ${layer.name} would have the shape ${layer.shape.join('x')}`);
    }
    layers.push(layer);
    return layer.name;
  };
  const unary = (
    op: 'relu' | 'sigmoid' | 'tanh' | 'softmax',
    source: Source,
    own = `${source}/${op}`,
  ): Source => push({ op, name: own, shape: shape(source), input: source });
  const pool = (
    op: 'max-pool' | 'average-pool',
    source: Source,
    size: number,
    stride: number,
    padding: 'same' | 'valid',
  ): Source => {
    const [height, width, channels] = shape(source);
    return push({
      op,
      name: `${source}/${op}`,
      input: source,
      size,
      stride,
      padding,
      shape: [windowed(height, size, stride, padding), windowed(width, size, stride, padding), channels],
    });
  };

  return {
    conv(source, own, channels, kernel, { stride = 1, padding = 'same' } = {}) {
      const [height, width] = shape(source);
      const out: Shape = [
        windowed(height, kernel, stride, padding),
        windowed(width, kernel, stride, padding),
        channels,
      ];
      return push({ op: 'conv', name: own, shape: out, input: source, kernel, stride, padding });
    },
    convTranspose(source, own, channels, kernel, stride) {
      const [height, width] = shape(source);
      return push({
        op: 'conv-transpose',
        name: own,
        shape: [height * stride, width * stride, channels],
        input: source,
        kernel,
        stride,
      });
    },
    dense(source, own, units, { bias = true } = {}) {
      const [height, width] = shape(source);
      if (height !== 1 || width !== 1)
        throw new Error(`${name}: dense layer ${own} needs a vector; flatten ${source} first`);
      return push({ op: 'dense', name: own, shape: [1, 1, units], input: source, bias });
    },
    batchNorm(source, own = `${source}/batch-norm`) {
      return push({ op: 'batch-norm', name: own, shape: shape(source), input: source });
    },
    relu: (source) => unary('relu', source),
    leakyRelu: (source, alpha) =>
      push({ op: 'leaky-relu', name: `${source}/leaky-relu`, shape: shape(source), input: source, alpha }),
    sigmoid: (source, own) => unary('sigmoid', source, own),
    tanh: (source, own) => unary('tanh', source, own),
    softmax: (source, own) => unary('softmax', source, own),
    maxFeatureMap(source) {
      const [height, width, channels] = shape(source);
      return push({
        op: 'max-feature-map',
        name: `${source}/max-feature-map`,
        shape: [height, width, channels / 2],
        input: source,
      });
    },
    maxPool: (source, size, stride, padding = 'valid') => pool('max-pool', source, size, stride, padding),
    averagePool: (source, size, stride, padding = 'valid') =>
      pool('average-pool', source, size, stride, padding),
    padEnd(source, to) {
      if (shape(source).some((extent, axis) => extent > (to[axis] ?? 0)))
        throw new Error(`${name}: ${source} is larger than what it is padded to`);
      return push({ op: 'pad-end', name: `${source}/pad-end`, shape: to, input: source });
    },
    resize: (source, height, width) =>
      push({
        op: 'resize',
        name: `${source}/resize`,
        shape: [height, width, shape(source)[2]],
        input: source,
      }),
    flatten: (source) =>
      push({
        op: 'flatten',
        name: `${source}/flatten`,
        shape: [1, 1, countOf(shape(source))],
        input: source,
      }),
    unflatten(source, to) {
      if (countOf(shape(source)) !== countOf(to))
        throw new Error(`${name}: ${source} does not hold ${to.join('x')} values`);
      return push({ op: 'unflatten', name: `${source}/unflatten`, shape: to, input: source });
    },
    dropout: (source, rate) =>
      push({ op: 'dropout', name: `${source}/dropout`, shape: shape(source), input: source, rate }),
    add(inputs, own = inputs.join('+')) {
      const shapes = inputs.map(shape);
      const [first] = shapes;
      if (!first || shapes.some((other) => other.join() !== first.join()))
        throw new Error(`${name}: cannot add ${inputs.join(', ')}: shapes differ`);
      return push({ op: 'add', name: own, shape: first, inputs });
    },
    concat(inputs, own = inputs.join('|')) {
      const shapes = inputs.map(shape);
      const [first] = shapes;
      if (!first || shapes.some(([height, width]) => height !== first[0] || width !== first[1]))
        throw new Error(`${name}: cannot concatenate ${inputs.join(', ')}`);
      return push({
        op: 'concat',
        name: own,
        shape: [first[0], first[1], shapes.reduce((sum, [, , channels]) => sum + channels, 0)],
        inputs,
      });
    },
    warp(base, flow, own = 'warp') {
      const [height, width, channels] = shape(base);
      if (channels !== 1 || shape(flow).join() !== [height, width, 2].join()) {
        throw new Error(`${name}: ${flow} does not say for every pixel of ${base} where it comes from`);
      }
      return push({ op: 'warp', name: own, shape: [height, width, 1], base, flow });
    },
    scale: (source, factor) =>
      push({ op: 'scale', name: `${source}/scale`, shape: shape(source), input: source, factor }),
    shape,
    build: (outputs) => {
      Object.values(outputs).forEach(shape);
      return { name, input, layers, outputs };
    },
  };
}

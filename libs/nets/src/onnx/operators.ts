import { constant, node, type Graph, type Value } from './graph.js';

/** How a convolution or pooling window treats the edge: numbers are [top, left, bottom, right]. */
export type Padding = 'same' | 'valid' | readonly [number, number, number, number];

/** A tensor of trained numbers as TensorFlow stores it. */
export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Options of {@link conv}, {@link depthwiseConv} and the pools. */
export interface WindowOptions {
  readonly stride?: number;
  /** 'same' pads as TensorFlow does: the odd pixel at the bottom and right. */
  readonly padding?: Padding;
  readonly name?: string;
}

/** A constant vector or tensor of floats. */
export function floats(
  graph: Graph,
  values: ArrayLike<number>,
  shape: readonly number[] = [values.length],
  name = 'floats',
): Value {
  return constant(graph, values instanceof Float32Array ? values : Float32Array.from(values), shape, name);
}

/** A constant vector of int64, which ONNX wants for shapes, axes and bounds. */
export function int64s(graph: Graph, values: readonly number[], name = 'int64s'): Value {
  return constant(
    graph,
    BigInt64Array.from(values, (value) => BigInt(value)),
    [values.length],
    name,
  );
}

/** A convolution over NCHW. `filters` is HWIO, as TensorFlow stores it; `bias` has one number per output channel. */
export function conv(
  graph: Graph,
  x: Value,
  filters: Weights,
  bias: Float32Array | null,
  options: WindowOptions = {},
): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filters.shape;
  const name = options.name ?? 'conv';
  const weight = constant(
    graph,
    transposeTensor(filters, [3, 2, 0, 1]),
    [output, input, height, width],
    `${name}.weight`,
  );
  return convNode(graph, x, weight, bias, [height, width], 1, { ...options, name });
}

/**
 * A depthwise convolution over NCHW. `filters` is [height, width, channels, multiplier], as TensorFlow stores it;
 * `bias` has one number per output channel.
 */
export function depthwiseConv(
  graph: Graph,
  x: Value,
  filters: Weights,
  bias: Float32Array | null,
  options: WindowOptions = {},
): Value {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = filters.shape;
  const name = options.name ?? 'depthwise';
  const data = transposeTensor(filters, [2, 3, 0, 1]);
  const weight = constant(graph, data, [channels * multiplier, 1, height, width], `${name}.weight`);
  return convNode(graph, x, weight, bias, [height, width], channels, { ...options, name });
}

/**
 * A transposed convolution over NCHW. `filters` is [height, width, output, input], as TensorFlow's conv2dTranspose
 * stores it; 'same' gives stride times the input's side.
 */
export function convTranspose(
  graph: Graph,
  x: Value,
  filters: Weights,
  bias: Float32Array | null,
  options: WindowOptions = {},
): Value {
  const [height = 1, width = 1, output = 1, input = 1] = filters.shape;
  const name = options.name ?? 'conv_transpose';
  const weight = constant(
    graph,
    transposeTensor(filters, [3, 2, 0, 1]),
    [input, output, height, width],
    `${name}.weight`,
  );
  const inputs =
    bias === null ? [x, weight] : [x, weight, floats(graph, bias, [bias.length], `${name}.bias`)];
  const stride = options.stride ?? 1;
  return node(
    graph,
    'ConvTranspose',
    inputs,
    {
      kernel_shape: { ints: [height, width] },
      strides: { ints: [stride, stride] },
      ...transposedPadding(options.padding ?? 'same', [height, width], stride),
    },
    name,
  );
}

/** Rectifier. */
export function relu(graph: Graph, x: Value): Value {
  return node(graph, 'Relu', [x]);
}

/** Rectifier that lets `slope` of the negative part through. */
export function leakyRelu(graph: Graph, x: Value, slope: number): Value {
  return node(graph, 'LeakyRelu', [x], { alpha: { float: slope } });
}

/** Limits values to low..high. */
export function clip(graph: Graph, x: Value, low: number, high: number): Value {
  return node(graph, 'Clip', [x, floats(graph, [low], [], 'low'), floats(graph, [high], [], 'high')]);
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(graph: Graph, x: Value): Value {
  return node(graph, 'Sigmoid', [x]);
}

/** Hyperbolic tangent. */
export function tanh(graph: Graph, x: Value): Value {
  return node(graph, 'Tanh', [x]);
}

/** Square root. */
export function sqrt(graph: Graph, x: Value): Value {
  return node(graph, 'Sqrt', [x]);
}

/** Softmax along `axis`. */
export function softmax(graph: Graph, x: Value, axis = -1): Value {
  return node(graph, 'Softmax', [x], { axis: { int: axis } });
}

/** a + b, broadcast as NumPy does. */
export function add(graph: Graph, a: Value, b: Value): Value {
  return node(graph, 'Add', [a, b]);
}

/** a - b, broadcast as NumPy does. */
export function sub(graph: Graph, a: Value, b: Value): Value {
  return node(graph, 'Sub', [a, b]);
}

/** a * b, broadcast as NumPy does. */
export function mul(graph: Graph, a: Value, b: Value): Value {
  return node(graph, 'Mul', [a, b]);
}

/** a / b, broadcast as NumPy does. */
export function div(graph: Graph, a: Value, b: Value): Value {
  return node(graph, 'Div', [a, b]);
}

/** The elementwise greatest of the inputs (the max of max-feature-map). */
export function max(graph: Graph, ...inputs: readonly Value[]): Value {
  return node(graph, 'Max', inputs);
}

/** Maximum over windows of `size` x `size`. */
export function maxPool(graph: Graph, x: Value, size: number, options: WindowOptions = {}): Value {
  return node(
    graph,
    'MaxPool',
    [x],
    windowAttributes([size, size], { stride: size, ...options }),
    options.name,
  );
}

/** Mean over windows of `size` x `size`; padded pixels do not count, as in TensorFlow. */
export function averagePool(graph: Graph, x: Value, size: number, options: WindowOptions = {}): Value {
  return node(
    graph,
    'AveragePool',
    [x],
    windowAttributes([size, size], { stride: size, ...options }),
    options.name,
  );
}

/** A dense layer: [N, in] x `weights` [in, out] + `bias` [out]. */
export function gemm(
  graph: Graph,
  x: Value,
  weights: Weights,
  bias: Float32Array | null,
  name = 'gemm',
): Value {
  const weight = floats(graph, weights.data, weights.shape, `${name}.weight`);
  const inputs =
    bias === null ? [x, weight] : [x, weight, floats(graph, bias, [bias.length], `${name}.bias`)];
  return node(graph, 'Gemm', inputs, {}, name);
}

/**
 * The rows of a dense layer that stood behind a flatten of NHWC, in the order that a flatten of NCHW needs:
 * `weights` is [height * width * channels, out].
 */
export function denseRowsToChannelsFirst(
  weights: Weights,
  height: number,
  width: number,
  channels: number,
): Weights {
  const out = weights.shape[1] ?? 1;
  const data = transposeTensor({ shape: [height, width, channels, out], data: weights.data }, [2, 0, 1, 3]);
  return { shape: weights.shape, data };
}

/** Joins along `axis`. */
export function concat(graph: Graph, inputs: readonly Value[], axis: number): Value {
  return node(graph, 'Concat', inputs, { axis: { int: axis } });
}

/** x[starts..ends) along `axes`, in steps. */
export function slice(
  graph: Graph,
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): Value {
  return node(graph, 'Slice', [
    x,
    int64s(graph, starts, 'starts'),
    int64s(graph, ends, 'ends'),
    int64s(graph, axes, 'axes'),
    int64s(graph, steps, 'steps'),
  ]);
}

/** Pads with `value`, or mirrors; `pads` holds the begins of all axes, then their ends. */
export function pad(
  graph: Graph,
  x: Value,
  pads: readonly number[],
  value = 0,
  mode: 'constant' | 'reflect' | 'edge' = 'constant',
): Value {
  const inputs = [x, int64s(graph, pads, 'pads')];
  if (mode === 'constant') inputs.push(floats(graph, [value], [], 'pad_value'));
  return node(graph, 'Pad', inputs, { mode: { text: mode } });
}

/** Another shape over the same data; 0 keeps a dimension, one -1 takes what is left. */
export function reshape(graph: Graph, x: Value, shape: readonly number[]): Value {
  return node(graph, 'Reshape', [x, int64s(graph, shape, 'shape')]);
}

/** [N, ...] -> [N, everything else]. */
export function flatten(graph: Graph, x: Value): Value {
  return node(graph, 'Flatten', [x], { axis: { int: 1 } });
}

/** Axes in another order. */
export function transpose(graph: Graph, x: Value, order: readonly number[]): Value {
  return node(graph, 'Transpose', [x], { perm: { ints: order } });
}

/** Options of {@link resize}. */
export interface ResizeOptions {
  readonly mode?: 'linear' | 'nearest' | 'cubic';
  /** Where output pixel centres lie in the input: TensorFlow 2's and PyTorch's default, corners on corners, or TensorFlow 1's. */
  readonly coordinates?: 'half_pixel' | 'align_corners' | 'asymmetric';
}

/** Enlarges an NCHW tensor by factors, or to a size, along height and width. */
export function resize(
  graph: Graph,
  x: Value,
  target:
    | { readonly scale: number }
    | { readonly size: readonly [batch: number, channels: number, height: number, width: number] },
  options: ResizeOptions = {},
): Value {
  const size =
    'scale' in target
      ? ['', floats(graph, [1, 1, target.scale, target.scale], [4], 'scales')]
      : ['', '', int64s(graph, target.size, 'sizes')];
  return node(graph, 'Resize', [x, ...size], {
    mode: { text: options.mode ?? 'linear' },
    coordinate_transformation_mode: { text: options.coordinates ?? 'half_pixel' },
    ...(options.mode === 'nearest' ? { nearest_mode: { text: 'floor' } } : {}),
  });
}

/** Samples x [N, C, H, W] bilinearly at `grid` [N, H', W', 2] of (x, y) in -1..1. */
export function gridSample(
  graph: Graph,
  x: Value,
  grid: Value,
  options: { readonly alignCorners?: boolean; readonly padding?: 'zeros' | 'border' | 'reflection' } = {},
): Value {
  return node(graph, 'GridSample', [x, grid], {
    mode: { text: 'bilinear' },
    padding_mode: { text: options.padding ?? 'border' },
    align_corners: { int: options.alignCorners === true ? 1 : 0 },
  });
}

/** Trained statistics of a batch normalisation, one number per channel each. */
export interface BatchNorm {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly offset: Float32Array;
  readonly scale: Float32Array;
  readonly epsilon: number;
}

/**
 * Folds the batch normalisation behind a layer into its weights. `channelAxis` is the axis of `filters` with one slice
 * per output channel: 3 for a convolution, 2 for a depthwise one (multiplier 1), 1 for a dense layer.
 */
export function foldBatchNorm(
  filters: Weights,
  bias: Float32Array | null,
  norm: BatchNorm,
  channelAxis: number,
): { readonly filters: Weights; readonly bias: Float32Array } {
  const channels = filters.shape[channelAxis] ?? 1;
  const inner = filters.shape.slice(channelAxis + 1).reduce((product, side) => product * side, 1);
  const factor = Float32Array.from(
    norm.scale,
    (scale, c) => scale / Math.sqrt((norm.variance[c] ?? 0) + norm.epsilon),
  );
  const data = filters.data.map((value, i) => value * (factor[Math.floor(i / inner) % channels] ?? 0));
  const folded = Float32Array.from(
    norm.offset,
    (offset, c) => offset + ((bias?.[c] ?? 0) - (norm.mean[c] ?? 0)) * (factor[c] ?? 0),
  );
  return { filters: { shape: filters.shape, data }, bias: folded };
}

/** The tensor's data with its axes in another order, like NumPy's transpose. */
export function transposeTensor(tensor: Weights, order: readonly number[]): Float32Array {
  const { shape, data } = tensor;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  // An axis of one step only would make the innermost loop as short.
  const axes = order.filter((axis) => shape[axis] !== 1);
  const sides = axes.map((axis) => shape[axis] ?? 1);
  const steps = axes.map((axis) => strides[axis] ?? 1);
  const [rowLength, rowStep] = [sides.pop() ?? 1, steps.pop() ?? 1];
  const result = new Float32Array(data.length);
  const index = sides.map(() => 0);
  let source = 0;
  for (let i = 0; i < result.length;) {
    for (let j = 0; j < rowLength; j += 1, i += 1) result[i] = data[source + j * rowStep] ?? 0;
    for (let axis = sides.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      source += steps[axis] ?? 0;
      if (next < (sides[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      source -= next * (steps[axis] ?? 0);
    }
  }
  return result;
}

function convNode(
  graph: Graph,
  x: Value,
  weight: Value,
  bias: Float32Array | null,
  kernel: readonly [number, number],
  group: number,
  options: WindowOptions & { readonly name: string },
): Value {
  const inputs =
    bias === null ? [x, weight] : [x, weight, floats(graph, bias, [bias.length], `${options.name}.bias`)];
  return node(
    graph,
    'Conv',
    inputs,
    { ...windowAttributes(kernel, options), group: { int: group } },
    options.name,
  );
}

function windowAttributes(kernel: readonly [number, number], options: WindowOptions) {
  const { stride = 1, padding = 'same' } = options;
  const shape = { kernel_shape: { ints: kernel }, strides: { ints: [stride, stride] } };
  if (padding === 'same') return { ...shape, auto_pad: { text: 'SAME_UPPER' } };
  return { ...shape, pads: { ints: padding === 'valid' ? [0, 0, 0, 0] : padding } };
}

function transposedPadding(padding: Padding, [height, width]: readonly [number, number], stride: number) {
  if (padding === 'valid') return { pads: { ints: [0, 0, 0, 0] } };
  if (padding !== 'same') return { pads: { ints: padding } };
  // TensorFlow crops the surplus of a full transposed convolution, the odd pixel at the bottom and right.
  const surplus = [height - stride, width - stride].map((side) => Math.max(0, side));
  const [y = 0, x = 0] = surplus.map((side) => Math.floor(side / 2));
  const [bottom, right] = [(surplus[0] ?? 0) - y, (surplus[1] ?? 0) - x];
  const extra = [Math.max(0, stride - height), Math.max(0, stride - width)];
  return { pads: { ints: [y, x, bottom, right] }, output_padding: { ints: extra } };
}

import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import type { Constant, Graph, GraphNode, Value } from '../onnx/index.js';
import { fromHalf } from '../quantization/half.js';
import type { TensorFlow } from './load-tensorflow.js';

/*
 * The operators of our networks on TensorFlow, which has its pictures channels last where ONNX has them first: here every
 * tensor of four dimensions is kept as [N, H, W, C] and called by what it would be in ONNX, [N, C, H, W].
 */

/** A node made ready: from the values of its inputs to the value of its output. */
export type Step = (inputs: readonly Tensor[]) => Tensor;

/** What a node is made ready with. */
export interface StepOptions {
  readonly tf: TensorFlow;
  readonly graph: Graph;
  readonly node: GraphNode;
  /** The values that are known before the first run. */
  readonly constants: ReadonlyMap<Value, Tensor>;
  /** Takes charge of a tensor that the step needs as long as the network is open. */
  readonly hold: (tensor: Tensor) => Tensor;
}

interface Making extends StepOptions {
  /** The constant that is the node's input at `index`. */
  readonly constant: (index: number) => Tensor;
  /** The numbers of such a constant. */
  readonly numbers: (index: number) => number[];
}

type Operator = (making: Making) => Step;

const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];

/** A tensor as ONNX has it, as TensorFlow wants it. */
export function channelsLast(tf: TensorFlow, x: Tensor): Tensor {
  return x.rank === 4 ? tf.transpose(x, LAST) : x;
}

/** The way back. */
export function channelsFirst(tf: TensorFlow, x: Tensor): Tensor {
  return x.rank === 4 ? tf.transpose(x, FIRST) : x;
}

/** A constant of a graph as a tensor. Whole numbers become floats: eight bits and what scales them are exact in those. */
export function constantTensor(tf: TensorFlow, { shape, data }: Constant): Tensor {
  const floats = data instanceof Uint16Array ? fromHalf(data) : Float32Array.from(data, Number);
  return tf.tidy(() => channelsLast(tf, tf.tensor(floats, [...shape], 'float32')));
}

/**
 * Makes a node ready.
 * @throws RangeError where its operator, or a way of using it, is not one that our networks have
 */
export function makeStep(options: StepOptions): Step {
  const { graph, node, constants } = options;
  const make = OPERATORS[node.operator] ?? unsupported(node, 'is an operator that no network of Deadpan has');
  return make({
    ...options,
    constant: (index) =>
      constants.get(node.inputs[index] ?? '') ?? unsupported(node, `has an input ${index} that varies`),
    numbers: (index) => Array.from(graph.constants.get(node.inputs[index] ?? '')?.data ?? [], Number),
  });
}

const unary =
  (of: (tf: TensorFlow, x: Tensor, node: GraphNode) => Tensor): Operator =>
  ({ tf, node }) =>
  ([x]) =>
    of(tf, x as Tensor, node);

/** Operands are aligned from the last of ONNX's dimensions on, as NumPy does. */
const binary =
  (of: (tf: TensorFlow, a: Tensor, b: Tensor) => Tensor): Operator =>
  ({ tf }) =>
  (inputs) => {
    const rank = Math.max(...inputs.map((input) => input.rank));
    const [first, ...rest] = inputs.map((input) => (input.rank < rank ? raise(tf, input, rank) : input));
    return rest.reduce((result, input) => of(tf, result, input), first as Tensor);
  };

function raise(tf: TensorFlow, x: Tensor, rank: number): Tensor {
  const shape = [...Array.from({ length: rank - x.rank }, () => 1), ...x.shape];
  return channelsLast(tf, tf.reshape(x, shape));
}

const OPERATORS: Readonly<Record<string, Operator | undefined>> = {
  Identity: unary((_, x) => x),
  // Between floats of 16 and 32 bits, which are the same here.
  Cast: unary((_, x) => x),
  Relu: unary((tf, x) => tf.relu(x)),
  LeakyRelu: unary((tf, x, node) => tf.leakyRelu(x, float(node, 'alpha', 0.01))),
  Sigmoid: unary((tf, x) => tf.sigmoid(x)),
  Tanh: unary((tf, x) => tf.tanh(x)),
  Sqrt: unary((tf, x) => tf.sqrt(x)),
  Softmax: unary((tf, x) => tf.softmax(x)),
  Add: binary((tf, a, b) => tf.add(a, b)),
  Sub: binary((tf, a, b) => tf.sub(a, b)),
  Mul: binary((tf, a, b) => tf.mul(a, b)),
  Div: binary((tf, a, b) => tf.div(a, b)),
  Max: binary((tf, a, b) => tf.maximum(a, b)),
  Clip: ({ tf, numbers }) => {
    const [low = -Infinity] = numbers(1);
    const [high = Infinity] = numbers(2);
    return ([x]) => tf.clipByValue(x as Tensor, low, high);
  },
  Conv: ({ tf, node, constant, hold }) => {
    const filters = constant(1);
    const [outputs = 1, height = 1, width = 1, inputs = 1] = filters.shape;
    const bias = node.inputs.length > 2 ? constant(2) : null;
    const [stride = 1] = ints(node, 'strides');
    const padding = paddingOf(node);
    const groups = int(node, 'group', 1);
    if (groups > 1 && inputs > 1) return unsupported(node, 'has groups of several channels');
    const kernel = hold(
      tf.tidy(() =>
        groups === 1
          ? tf.transpose(filters, [1, 2, 3, 0])
          : tf.transpose(tf.reshape(filters, [groups, outputs / groups, height, width]), [2, 3, 0, 1]),
      ),
    ) as Tensor4D;
    return ([x]) => {
      const picture = x as Tensor4D;
      const sum =
        groups === 1
          ? tf.conv2d(picture, kernel, stride, padding)
          : tf.depthwiseConv2d(picture, kernel, stride, padding);
      return bias === null ? sum : tf.add(sum, bias);
    };
  },
  ConvTranspose: ({ tf, node, constant, hold }) => {
    // [in, height, width, out] here; TensorFlow wants [height, width, out, in].
    const filters = constant(1);
    const bias = node.inputs.length > 2 ? constant(2) : null;
    const [stride = 1] = ints(node, 'strides');
    const [, , , outputs = 1] = filters.shape;
    const kernel = hold(tf.transpose(filters, [1, 2, 3, 0])) as Tensor4D;
    return ([x]) => {
      const picture = x as Tensor4D;
      const [batch, height, width] = picture.shape;
      const shape: [number, number, number, number] = [batch, height * stride, width * stride, outputs];
      const sum = tf.conv2dTranspose(picture, kernel, shape, stride, 'same');
      return bias === null ? sum : tf.add(sum, bias);
    };
  },
  Gemm: ({ tf, node, constant }) => {
    const weights = constant(1) as Tensor2D;
    const bias = node.inputs.length > 2 ? constant(2) : null;
    return ([x]) => {
      const product = tf.matMul(x as Tensor2D, weights);
      return bias === null ? product : tf.add(product, bias);
    };
  },
  MaxPool: ({ tf, node }) => {
    const [size = 1] = ints(node, 'kernel_shape');
    const [stride = 1] = ints(node, 'strides');
    const padding = paddingOf(node);
    return ([x]) => tf.maxPool(x as Tensor4D, size, stride, padding);
  },
  AveragePool: ({ tf, node }) => {
    const [size = 1] = ints(node, 'kernel_shape');
    const [stride = 1] = ints(node, 'strides');
    const padding = paddingOf(node);
    return ([x]) => tf.avgPool(x as Tensor4D, size, stride, padding);
  },
  Pad: ({ tf, node, numbers }) => {
    const pads = numbers(1);
    const [value = 0] = numbers(2);
    if (text(node, 'mode', 'constant') !== 'constant')
      return unsupported(node, 'pads with more than a number');
    return ([x]) => {
      const picture = x as Tensor;
      const both = Array.from({ length: picture.rank }, (_, axis): [number, number] => [
        pads[axis] ?? 0,
        pads[picture.rank + axis] ?? 0,
      ]);
      return tf.pad(picture, picture.rank === 4 ? LAST.map((axis) => both[axis] ?? [0, 0]) : both, value);
    };
  },
  Concat: ({ tf, node }) => {
    const axis = int(node, 'axis', 0);
    return (inputs) => tf.concat([...inputs], axisOf(axis, inputs[0]?.rank ?? 0));
  },
  Slice: ({ tf, numbers }) => {
    const [starts, ends, axes, steps] = [numbers(1), numbers(2), numbers(3), numbers(4)];
    const turned = axes.filter((_, i) => steps[i] === -1);
    return ([input]) => {
      let x = input as Tensor;
      // Backwards our networks read whole axes only.
      if (turned.length > 0)
        x = tf.reverse(
          x,
          turned.map((axis) => axisOf(axis, x.rank)),
        );
      const begin = x.shape.map(() => 0);
      const end = [...x.shape];
      const stride = x.shape.map(() => 1);
      axes.forEach((onnxAxis, i) => {
        if (steps[i] === -1) return;
        const axis = axisOf(onnxAxis, x.rank);
        const side = x.shape[axis] ?? 0;
        const within = (at: number): number => Math.min(side, at < 0 ? at + side : at);
        begin[axis] = within(starts[i] ?? 0);
        end[axis] = within(ends[i] ?? side);
        stride[axis] = steps[i] ?? 1;
      });
      return tf.stridedSlice(x, begin, end, stride);
    };
  },
  Reshape: ({ tf, numbers }) => {
    const wanted = numbers(1);
    return ([input]) => {
      const x = channelsFirst(tf, input as Tensor);
      return channelsLast(
        tf,
        tf.reshape(
          x,
          wanted.map((side, axis) => (side === 0 ? (x.shape[axis] ?? 1) : side)),
        ),
      );
    };
  },
  Flatten: unary((tf, x) => tf.reshape(channelsFirst(tf, x), [x.shape[0], -1])),
  Transpose: ({ tf, node }) => {
    const order = [...ints(node, 'perm')];
    return ([x]) => channelsLast(tf, tf.transpose(channelsFirst(tf, x as Tensor), order));
  },
  Resize: ({ tf, node, numbers }) => {
    const [scales, sizes] = [numbers(2), numbers(3)];
    const isLinear = text(node, 'mode', 'nearest') === 'linear';
    if (!isLinear || text(node, 'coordinate_transformation_mode', 'half_pixel') !== 'half_pixel')
      return unsupported(node, 'resizes otherwise than bilinearly between the centres of pixels');
    return ([input]) => {
      const x = input as Tensor4D;
      // In single precision, as onnxruntime does it: 60 * (104 / 60) is 104.
      const side = (axis: 2 | 3): number =>
        sizes[axis] ?? Math.floor(Math.fround((x.shape[axis - 1] ?? 0) * (scales[axis] ?? 1)));
      return tf.image.resizeBilinear(x, [side(2), side(3)], false, true);
    };
  },
  GridSample: ({ tf, node }) => {
    if (text(node, 'padding_mode', 'zeros') !== 'border' || int(node, 'align_corners', 0) !== 0)
      return unsupported(node, 'samples otherwise than bilinearly with its border repeated');
    return ([x, grid]) => gridSample(tf, x as Tensor4D, channelsFirst(tf, grid as Tensor4D) as Tensor4D);
  },
  QuantizeLinear: ({ tf, numbers }) => {
    const [scale = 1] = numbers(1);
    const [zero = 0] = numbers(2);
    return ([x]) => tf.clipByValue(tf.add(tf.round(tf.div(x as Tensor, scale)), zero), 0, 255);
  },
  DequantizeLinear: ({ tf, node, numbers }) => {
    const scales = numbers(1);
    const [zero = 0] = numbers(2);
    const axis = int(node, 'axis', 1);
    if (scales.length === 1) return ([x]) => tf.mul(tf.sub(x as Tensor, zero), scales[0] ?? 1);
    return ([input]) => {
      const x = input as Tensor;
      const at = axisOf(axis, x.rank);
      const scale = tf.tensor1d(scales);
      return tf.mul(
        x,
        tf.reshape(
          scale,
          x.shape.map((side, i) => (i === at ? side : 1)),
        ),
      );
    };
  },
};

/** Reads x [N, H, W, C] bilinearly at grid [N, H', W', 2] of (x, y) in -1..1; what lies outside is the border. */
function gridSample(tf: TensorFlow, x: Tensor4D, grid: Tensor4D): Tensor {
  const [batch, height, width, channels] = x.shape;
  const [, rows, columns] = grid.shape;
  const [across, down] = tf.split(grid, 2, 3) as [Tensor, Tensor];
  const place = (fraction: Tensor, side: number): Tensor =>
    tf.clipByValue(tf.div(tf.sub(tf.mul(tf.add(fraction, 1), side), 1), 2), 0, side - 1);
  const [column, row] = [place(across, width), place(down, height)];
  const [left, top] = [tf.floor(column), tf.floor(row)];
  const [right, bottom] = [tf.minimum(tf.add(left, 1), width - 1), tf.minimum(tf.add(top, 1), height - 1)];
  const pixels = tf.reshape(x, [batch * height * width, channels]);
  const first = tf.reshape(tf.mul(tf.range(0, batch), height * width), [batch, 1, 1, 1]);
  const read = (at: Tensor, of: Tensor): Tensor => {
    const index = tf.add(first, tf.add(tf.mul(of, width), at));
    return tf.reshape(tf.gather(pixels, tf.cast(tf.reshape(index, [-1]), 'int32')), [
      batch,
      rows,
      columns,
      channels,
    ]);
  };
  const mix = (a: Tensor, b: Tensor, share: Tensor): Tensor => tf.add(a, tf.mul(tf.sub(b, a), share));
  const [horizontal, vertical] = [tf.sub(column, left), tf.sub(row, top)];
  return mix(
    mix(read(left, top), read(right, top), horizontal),
    mix(read(left, bottom), read(right, bottom), horizontal),
    vertical,
  );
}

/** An axis of ONNX as it stands here. */
function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  return rank === 4 ? LAST.indexOf(positive) : positive;
}

function paddingOf(node: GraphNode): 'same' | 'valid' {
  if (text(node, 'auto_pad', 'NOTSET') === 'SAME_UPPER') return 'same';
  if (ints(node, 'pads').every((side) => side === 0)) return 'valid';
  return unsupported(node, 'pads by other numbers than TensorFlow');
}

function unsupported(node: GraphNode, what: string): never {
  throw new RangeError(`${node.operator} ${node.output} ${what}`);
}

function int({ attributes }: GraphNode, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute !== undefined && 'int' in attribute ? attribute.int : otherwise;
}

function float({ attributes }: GraphNode, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute !== undefined && 'float' in attribute ? attribute.float : otherwise;
}

function text({ attributes }: GraphNode, name: string, otherwise: string): string {
  const attribute = attributes[name];
  return attribute !== undefined && 'text' in attribute ? attribute.text : otherwise;
}

function ints({ attributes }: GraphNode, name: string): readonly number[] {
  const attribute = attributes[name];
  return attribute !== undefined && 'ints' in attribute ? attribute.ints : [];
}

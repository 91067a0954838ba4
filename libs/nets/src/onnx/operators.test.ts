import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onnxruntimeEngine } from '../sessions/onnxruntime-engine.js';
import { floatOutput, type Engine } from '../sessions/session.js';
import { tensorflowEngine } from '../sessions/tensorflow-engine.js';
import { noise } from '../sessions/test-task.js';
import { tf } from '../tensorflow-under-test.js';
import { createGraph, encodeModel, graphInput, graphOutput, type Graph, type Value } from './graph.js';
import * as op from './operators.js';

type Tensor = ReturnType<typeof tf.tensor>;
type Tensor4D = ReturnType<typeof tf.tensor4d>;

/** An operator as we encode it, and as TensorFlow computes it on the same numbers in its own layout. */
interface Case {
  readonly name: string;
  /** [N, C, H, W], or [N, C]. */
  readonly shape: readonly number[];
  readonly onnx: (graph: Graph, x: Value) => Value;
  readonly tensorflow: (x: Tensor4D) => Tensor;
  /** The engine `tfjs` refuses it, since no network of ours has it. */
  readonly unused?: true;
}

const weights = (shape: readonly number[], seed: number): op.Weights => ({
  shape,
  data: noise(
    shape.reduce((product, side) => product * side, 1),
    seed,
  ),
});
const tensor = ({ shape, data }: op.Weights) =>
  tf.tensor4d(data, [...shape] as [number, number, number, number]);

const dense = weights([3, 3, 4, 6], 1);
const depthwise = weights([3, 3, 4, 1], 2);
const multiplied = weights([3, 3, 4, 2], 3);
const transposed = weights([4, 4, 5, 4], 4);
const matrix = weights([12, 5], 5);
const bias = noise(6, 6);
const norm = {
  mean: noise(6, 7),
  variance: noise(6, 8).map((value) => value + 1.5),
  offset: noise(6, 9),
  scale: noise(6, 10),
  epsilon: 1e-3,
};
const folded = op.foldBatchNorm(dense, bias, norm, 3);

const ENGINES: readonly Engine[] = [onnxruntimeEngine('cpu'), tensorflowEngine()];

const IMAGE = [2, 4, 9, 8];
const CASES: readonly Case[] = [
  ...([1, 2] as const).flatMap((stride) =>
    (['same', 'valid'] as const).flatMap((padding): Case[] => [
      {
        name: `convolution, stride ${stride}, ${padding}`,
        shape: IMAGE,
        onnx: (g, x) => op.conv(g, x, dense, bias, { stride, padding }),
        tensorflow: (x) => tf.add(tf.conv2d(x, tensor(dense), stride, padding), tf.tensor1d(bias)),
      },
      {
        name: `depthwise convolution, stride ${stride}, ${padding}`,
        shape: IMAGE,
        onnx: (g, x) => op.depthwiseConv(g, x, depthwise, null, { stride, padding }),
        tensorflow: (x) => tf.depthwiseConv2d(x, tensor(depthwise), stride, padding),
      },
      {
        name: `maximum of windows, stride ${stride}, ${padding}`,
        shape: IMAGE,
        onnx: (g, x) => op.maxPool(g, x, 2, { stride, padding }),
        tensorflow: (x) => tf.maxPool(x, 2, stride, padding),
      },
      {
        name: `mean of windows, stride ${stride}, ${padding}`,
        shape: IMAGE,
        onnx: (g, x) => op.averagePool(g, x, 3, { stride, padding }),
        tensorflow: (x) => tf.avgPool(x, 3, stride, padding),
      },
    ]),
  ),
  {
    name: 'depthwise convolution with a multiplier',
    shape: IMAGE,
    onnx: (g, x) => op.depthwiseConv(g, x, multiplied, null),
    tensorflow: (x) => tf.depthwiseConv2d(x, tensor(multiplied), 1, 'same'),
  },
  {
    name: 'transposed convolution, stride 2',
    shape: IMAGE,
    onnx: (g, x) => op.convTranspose(g, x, transposed, null, { stride: 2 }),
    tensorflow: (x) => tf.conv2dTranspose(x, tensor(transposed), [2, 18, 16, 5], 2, 'same'),
  },
  {
    name: 'folded batch normalisation',
    shape: IMAGE,
    onnx: (g, x) => op.conv(g, x, folded.filters, folded.bias),
    tensorflow: (x) =>
      tf.batchNorm4d(
        tf.add(tf.conv2d(x, tensor(dense), 1, 'same'), tf.tensor1d(bias)),
        tf.tensor1d(norm.mean),
        tf.tensor1d(norm.variance),
        tf.tensor1d(norm.offset),
        tf.tensor1d(norm.scale),
        norm.epsilon,
      ),
  },
  {
    name: 'bilinear resize, pixel centres',
    shape: IMAGE,
    onnx: (g, x) => op.resize(g, x, { scale: 2 }),
    tensorflow: (x) => tf.image.resizeBilinear(x, [18, 16], false, true),
  },
  {
    name: 'bilinear resize, corners on corners',
    unused: true,
    shape: IMAGE,
    onnx: (g, x) => op.resize(g, x, { size: [2, 4, 17, 15] }, { coordinates: 'align_corners' }),
    tensorflow: (x) => tf.image.resizeBilinear(x, [17, 15], true),
  },
  {
    name: 'nearest resize',
    unused: true,
    shape: IMAGE,
    onnx: (g, x) => op.resize(g, x, { scale: 2 }, { mode: 'nearest', coordinates: 'asymmetric' }),
    tensorflow: (x) => tf.image.resizeNearestNeighbor(x, [18, 16]),
  },
  {
    name: 'leaky rectifier',
    shape: IMAGE,
    onnx: (g, x) => op.leakyRelu(g, x, 0.1),
    tensorflow: (x) => tf.leakyRelu(x, 0.1),
  },
  {
    name: 'elementwise functions',
    shape: IMAGE,
    onnx: (g, x) => {
      const one = op.floats(g, [1], []);
      const half = op.floats(g, [0.5], []);
      const positive = op.sqrt(g, op.add(g, op.relu(g, x), one));
      const rest = op.div(g, op.sub(g, op.sigmoid(g, x), half), op.add(g, op.mul(g, x, x), one));
      return op.max(g, op.clip(g, op.tanh(g, rest), -0.05, 0.04), op.sub(g, positive, one));
    },
    tensorflow: (x) => {
      const positive = tf.sqrt(tf.add(tf.relu(x), 1));
      const rest = tf.div(tf.sub(tf.sigmoid(x), 0.5), tf.add(tf.mul(x, x), 1));
      return tf.maximum(tf.clipByValue(tf.tanh(rest), -0.05, 0.04), tf.sub(positive, 1));
    },
  },
  {
    name: 'slice, pad and concat',
    unused: true,
    shape: IMAGE,
    onnx: (g, x) => {
      const part = op.slice(g, x, [0, 1], [2, 9], [1, 2], [1, 2]);
      return op.concat(
        g,
        [
          op.pad(g, part, [0, 0, 1, 0, 0, 0, 0, 2], 0.5),
          op.pad(g, part, [0, 0, 0, 1, 0, 0, 1, 1], 0, 'reflect'),
        ],
        1,
      );
    },
    tensorflow: (x) => {
      const part = tf.stridedSlice(x, [0, 1, 0, 0], [2, 9, 8, 2], [1, 2, 1, 1]) as Tensor4D;
      const padded = tf.pad(
        part,
        [
          [0, 0],
          [1, 0],
          [0, 2],
          [0, 0],
        ],
        0.5,
      );
      return tf.concat(
        [
          padded,
          tf.mirrorPad(
            part,
            [
              [0, 0],
              [0, 1],
              [1, 1],
              [0, 0],
            ],
            'reflect',
          ),
        ],
        3,
      );
    },
  },
  {
    name: 'transpose and reshape',
    shape: IMAGE,
    onnx: (g, x) => op.reshape(g, op.transpose(g, x, [0, 2, 3, 1]), [0, -1]),
    tensorflow: (x) => tf.reshape(x, [2, -1]),
  },
  {
    name: 'dense layer behind a flatten, softmax',
    shape: [2, 3, 2, 2],
    onnx: (g, x) =>
      op.softmax(
        g,
        op.gemm(g, op.flatten(g, x), op.denseRowsToChannelsFirst(matrix, 2, 2, 3), bias.slice(0, 5)),
      ),
    tensorflow: (x) => {
      const flat = tf.reshape(x, [2, -1]);
      return tf.softmax(
        tf.add(tf.matMul(flat, tf.tensor2d(matrix.data, [12, 5])), tf.tensor1d(bias.slice(0, 5))),
      );
    },
  },
];

for (const { name, shape, onnx, tensorflow, unused } of CASES) {
  test(`${name}: the same numbers as TensorFlow`, async () => {
    const data = noise(
      shape.reduce((product, side) => product * side, 1),
      42,
    );
    const expected = tf.tidy(() => {
      const x = tf.tensor4d(data, [...shape] as [number, number, number, number]);
      const y = tensorflow(tf.transpose(x, [0, 2, 3, 1]));
      return y.shape.length === 4 ? tf.transpose(y, [0, 3, 1, 2]) : y.clone();
    });
    for (const engine of unused ? ENGINES.slice(0, 1) : ENGINES) {
      const actual = await run(shape, data, expected.shape.length, onnx, engine);
      assert.deepEqual([...actual.dims], expected.shape);
      assertClose(actual.data, expected.dataSync() as Float32Array);
    }
    if (unused) {
      await assert.rejects(run(shape, data, expected.shape.length, onnx, tensorflowEngine()), {
        code: 'E_MODEL_INVALID',
      });
    }
    expected.dispose();
  });
}

test('sampling at a grid of pixel centres gives the picture back, at a mirrored grid its mirror image', async () => {
  const data = noise(2 * 3 * 4 * 5, 1);
  for (const mirrored of [false, true]) {
    const grid = Float32Array.from({ length: 2 * 4 * 5 * 2 }, (_, i) => {
      const x = ((Math.floor(i / 2) % 5) * 2 + 1) / 5 - 1;
      const y = ((Math.floor(i / 10) % 4) * 2 + 1) / 4 - 1;
      return i % 2 === 1 ? y : mirrored ? -x : x;
    });
    const expected = data.map((_, i) => (mirrored ? (data[i - (i % 5) + 4 - (i % 5)] ?? 0) : (data[i] ?? 0)));
    const sample: Case['onnx'] = (g, x) => op.gridSample(g, x, op.floats(g, grid, [2, 4, 5, 2]));
    for (const engine of ENGINES)
      assertClose((await run([2, 3, 4, 5], data, 4, sample, engine)).data, expected);
  }
});

test('the same graph gives the same bytes', () => {
  const encode = () => {
    const graph = createGraph('twice');
    const x = graphInput(graph, 'x', ['N', 4, 8, 8]);
    graphOutput(graph, op.conv(graph, x, dense, bias), 'y', ['N', 6, 8, 8]);
    return encodeModel(graph);
  };
  assert.deepEqual(encode(), encode());
});

async function run(
  shape: readonly number[],
  data: Float32Array,
  rank: number,
  build: Case['onnx'],
  engine: Engine,
) {
  const graph = createGraph('test');
  const x = graphInput(graph, 'x', shape);
  const names = Array.from({ length: rank }, (_, axis) => `axis${axis}`);
  graphOutput(graph, build(graph, x), 'y', names);
  const session = await engine.open(encodeModel(graph));
  const output = floatOutput(await session.run({ x: { dims: shape, data } }), 'y');
  await session.release();
  return output;
}

function assertClose(actual: Float32Array, expected: Float32Array): void {
  assert.equal(actual.length, expected.length);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? NaN))), 0);
  assert.ok(worst < 1e-5, `differs by ${worst}`);
}

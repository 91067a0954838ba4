import {
  clip,
  concat,
  constant,
  conv,
  createGraph,
  depthwiseConv,
  encodeModel,
  foldBatchNorm,
  graphInput,
  graphOutput,
  mul,
  reshape,
  sigmoid,
  slice,
  sub,
  transpose,
  type Graph,
  type Value,
} from '../onnx/index.js';
import { suppressOverlaps, type Detection } from './detection.js';
import { quantize } from '../quantization/quantize.js';
import { readFaceApiWeights, weightsOf, type WeightMap } from './weights.js';

/** Side of the square canvas that the detector was trained on, in pixels. */
export const SSD_SIDE = 512;
/** The sides of the canvas must be multiples of this. */
export const SSD_STEP = 32;

/** Layers that predict boxes: cells a side on the square canvas, and boxes a cell. */
const LEVELS = [
  { cells: 32, boxes: 3 },
  { cells: 16, boxes: 6 },
  { cells: 8, boxes: 6 },
  { cells: 4, boxes: 6 },
  { cells: 2, boxes: 6 },
  { cells: 1, boxes: 6 },
];
const STRIDED_LAYERS = new Set([2, 4, 6, 12]);
/** Where MobileNet's rectifiers end. */
const MOST_ACTIVE = 6;
const BATCH_NORM_EPSILON = 0.0010000000474974513;
const IOU_LIMIT = 0.5;

/** Sides of a box that the network starts from, in pixels of the canvas, for each level. */
export type SsdAnchors = readonly (readonly { readonly width: number; readonly height: number }[])[];

/** The network, and what its raw output needs to become boxes. */
export interface SsdDetector {
  readonly model: Uint8Array;
  readonly anchors: SsdAnchors;
}

/**
 * face-api's SSD MobileNet v1 face detector as ONNX: input `image` [N, 3, H, W], RGB 0..255, the picture in the top
 * left corner of the canvas and black beyond it, H and W multiples of {@link SSD_STEP}; outputs `corrections`
 * [N, boxes, 4] and `scores` [N, boxes]. face-api always pads to 512 x 512; a canvas of the picture's own shape sees
 * the same pixels in less time.
 *
 * It computes with integers where that costs no faces: in twice the time floats found 525 faces where this finds 540, in
 * 100 mosaics of LFW. `float` leaves everything in floats.
 * Source: face-api.js ssdMobilenetv1 (MobileNet v1 and box predictors of TensorFlow's object detection API).
 */
export function buildSsdDetector(options: { readonly float?: boolean } = {}): SsdDetector {
  const weights = readFaceApiWeights('ssd_mobilenetv1');
  const graph = createGraph('ssd_mobilenetv1');
  const image = graphInput(graph, 'image', ['N', 3, 'H', 'W']);
  const scaled = mul(graph, image, constant(graph, Float32Array.of(1 / 127.5), [], 'scale'));
  let x = sub(graph, scaled, constant(graph, Float32Array.of(1), [], 'one'));

  x = pointwise(graph, x, weights, 'MobilenetV1/Conv2d_0_pointwise', 2);
  let conv11 = x;
  for (let layer = 1; layer <= 13; layer += 1) {
    x = depthwise(
      graph,
      x,
      weights,
      `MobilenetV1/Conv2d_${layer}_depthwise`,
      STRIDED_LAYERS.has(layer) ? 2 : 1,
    );
    x = pointwise(graph, x, weights, `MobilenetV1/Conv2d_${layer}_pointwise`, 1);
    if (layer === 11) conv11 = x;
  }
  const levels = [conv11, x];
  for (let layer = 0; layer < 8; layer += 1) {
    x = pointwise(graph, x, weights, `Prediction/Conv2d_${layer}_pointwise`, layer % 2 === 0 ? 1 : 2);
    if (layer % 2 === 1) levels.push(x);
  }
  const predict = (kind: string, size: number) =>
    concat(
      graph,
      levels.map((level, i) =>
        predictor(graph, level, weights, `Prediction/BoxPredictor_${i}/${kind}`, size),
      ),
      1,
    );
  graphOutput(graph, predict('BoxEncodingPredictor', 4), 'corrections', ['N', 'boxes', 4]);
  // Of the three classes the second is "face"; the others are background and unused.
  const faces = sigmoid(graph, slice(graph, predict('ClassPredictor', 3), [1], [2], [2]));
  graphOutput(graph, reshape(graph, faces, [0, -1]), 'scores', ['N', 'boxes']);
  const model = encodeModel(options.float === true ? graph : withIntegers(graph));
  return { model, anchors: readAnchors(weights) };
}

/** The first convolutions, the depthwise ones and those that predict boxes lose too much, or win no time. */
const IN_FLOATS = /^MobilenetV1\/Conv2d_[012]_|_depthwise$|BoxPredictor/;

function withIntegers(graph: Graph): Graph {
  const named = (operator: string): Value[] =>
    graph.nodes.flatMap((each) => (each.operator === operator ? [each.output] : []));
  // All its rectifiers end at 6: nothing needs to be measured.
  const ranges = Object.fromEntries(named('Clip').map((name) => [name, [0, MOST_ACTIVE] as const]));
  return quantize(
    graph,
    ranges,
    named('Conv').filter((name) => IN_FLOATS.test(name)),
  );
}

/**
 * The boxes that the network corrects on a canvas of `width` x `height` pixels, in the order of its output:
 * centre x, centre y, width, height, in pixels.
 */
export function ssdPriors(anchors: SsdAnchors, width: number, height: number): Float32Array {
  const priors: number[] = [];
  let x = axis(width, 16);
  let y = axis(height, 16);
  for (const level of anchors) {
    for (let row = 0; row < y.cells; row += 1) {
      for (let column = 0; column < x.cells; column += 1) {
        for (const anchor of level) {
          priors.push(x.first + column * x.step, y.first + row * y.step, anchor.width, anchor.height);
        }
      }
    }
    x = halve(x);
    y = halve(y);
  }
  return Float32Array.from(priors);
}

/**
 * Boxes from the network's raw output for one picture, in pixels of the canvas, best first, overlaps removed.
 * @param priors of the same canvas, from {@link ssdPriors}
 * @param limit boxes whose score is not above it are left out
 */
export function decodeSsd(
  priors: Float32Array,
  corrections: Float32Array,
  scores: Float32Array,
  limit: number,
): Detection[] {
  const found: Detection[] = [];
  for (let i = 0; i < scores.length; i += 1) {
    const score = scores[i] ?? 0;
    if (score <= limit) continue;
    const [cx = 0, cy = 0, priorWidth = 0, priorHeight = 0] = priors.subarray(i * 4, i * 4 + 4);
    const [dy = 0, dx = 0, dh = 0, dw = 0] = corrections.subarray(i * 4, i * 4 + 4);
    // The variances 10 and 5 are those that the network was trained with.
    const width = Math.exp(dw / 5) * priorWidth;
    const height = Math.exp(dh / 5) * priorHeight;
    const x = (dx / 10) * priorWidth + cx - width / 2;
    const y = (dy / 10) * priorHeight + cy - height / 2;
    found.push({ score, box: { x, y, width, height } });
  }
  return suppressOverlaps(found, IOU_LIMIT);
}

interface Axis {
  readonly cells: number;
  /** Pixels between two cells' centres. */
  readonly step: number;
  /** Centre of the first cell in pixels. */
  readonly first: number;
}

function axis(side: number, step: number): Axis {
  if (side % SSD_STEP !== 0)
    throw new RangeError(`A side of the canvas is a multiple of ${SSD_STEP} pixels, not ${side}.`);
  return { cells: side / step, step, first: step / 2 };
}

/** Padding 'same' at stride 2 centres its windows on odd cells where the count is even, on even cells otherwise. */
function halve({ cells, step, first }: Axis): Axis {
  return {
    cells: Math.ceil(cells / 2),
    step: step * 2,
    first: first + (cells % 2 === 0 ? step / 2 : -step / 2),
  };
}

/** The anchors' sides, from the first cell of each level of the shipped table (ymin, xmin, ymax, xmax in 0..1). */
function readAnchors(weights: WeightMap): SsdAnchors {
  const table = weightsOf(weights, 'Output/extra_dim').data;
  let first = 0;
  return LEVELS.map(({ cells, boxes }) => {
    const anchors = Array.from({ length: boxes }, (_, i) => {
      const [top = 0, left = 0, bottom = 0, right = 0] = table.subarray((first + i) * 4, (first + i) * 4 + 4);
      return { width: (right - left) * SSD_SIDE, height: (bottom - top) * SSD_SIDE };
    });
    first += cells * cells * boxes;
    return anchors;
  });
}

function pointwise(graph: Graph, x: Value, weights: WeightMap, name: string, stride: number): Value {
  const bias = weightsOf(weights, `${name}/convolution_bn_offset`).data;
  return clip(
    graph,
    conv(graph, x, weightsOf(weights, `${name}/weights`), bias, { stride, name }),
    0,
    MOST_ACTIVE,
  );
}

function depthwise(graph: Graph, x: Value, weights: WeightMap, name: string, stride: number): Value {
  const norm = (part: string) => weightsOf(weights, `${name}/BatchNorm/${part}`).data;
  const folded = foldBatchNorm(
    weightsOf(weights, `${name}/depthwise_weights`),
    null,
    {
      mean: norm('moving_mean'),
      variance: norm('moving_variance'),
      offset: norm('beta'),
      scale: norm('gamma'),
      epsilon: BATCH_NORM_EPSILON,
    },
    2,
  );
  return clip(graph, depthwiseConv(graph, x, folded.filters, folded.bias, { stride, name }), 0, MOST_ACTIVE);
}

/** A 1x1 convolution whose channels are `size` numbers for each box of a cell: [N, cells * boxes, size]. */
function predictor(graph: Graph, x: Value, weights: WeightMap, name: string, size: number): Value {
  const predicted = conv(
    graph,
    x,
    weightsOf(weights, `${name}/weights`),
    weightsOf(weights, `${name}/biases`).data,
    { name },
  );
  return reshape(graph, transpose(graph, predicted, [0, 2, 3, 1]), [0, -1, size]);
}

import {
  constant,
  conv,
  createGraph,
  depthwiseConv,
  encodeModel,
  graphInput,
  graphOutput,
  leakyRelu,
  maxPool,
  mul,
  sub,
  transpose,
  type Graph,
  type Value,
} from '../onnx/index.js';
import { suppressOverlaps, type Detection } from './detection.js';
import { readFaceApiWeights, weightsOf, type WeightMap } from './weights.js';

/** Pixels of the canvas a cell; the canvas's sides must be multiples of it. */
export const TINY_STEP = 32;
/** Boxes that the network starts from in each cell, in cells: width, height. Source: face-api.js tinyFaceDetector. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
const NUMBERS_PER_BOX = 5;
const MEAN_RGB = [117.001, 114.697, 97.404];
const LEAK = 0.10000000149011612;
const IOU_LIMIT = 0.4;

/**
 * face-api's tiny face detector (a small YOLO v2 of separable convolutions) as ONNX: input `image` [N, 3, H, W], RGB
 * 0..255, the picture in the top left corner of the canvas, H and W multiples of {@link TINY_STEP}; output `cells`
 * [N, H / 32, W / 32, 25]: x, y, width, height, score before their activations, for each of five boxes.
 * Source: face-api.js tinyFaceDetector and tinyYolov2.
 */
export function buildTinyDetector(): Uint8Array {
  const weights = readFaceApiWeights('tiny_face_detector');
  const graph = createGraph('tiny_face_detector');
  const image = graphInput(graph, 'image', ['N', 3, 'H', 'W']);
  const centred = sub(graph, image, constant(graph, Float32Array.from(MEAN_RGB), [3, 1, 1], 'mean'));
  let x = mul(graph, centred, constant(graph, Float32Array.of(1 / 255), [], 'scale'));
  x = conv(graph, x, weightsOf(weights, 'conv0/filters'), weightsOf(weights, 'conv0/bias').data, {
    padding: 'valid',
    name: 'conv0',
  });
  x = leakyRelu(graph, x, LEAK);
  for (let layer = 1; layer <= 5; layer += 1) {
    x = separableConv(graph, maxPool(graph, x, 2, { padding: 'same' }), weights, `conv${layer}`);
  }
  x = maxPool(graph, x, 2, { stride: 1, padding: 'same' });
  x = conv(graph, x, weightsOf(weights, 'conv8/filters'), weightsOf(weights, 'conv8/bias').data, {
    name: 'conv8',
  });
  graphOutput(graph, transpose(graph, x, [0, 2, 3, 1]), 'cells', [
    'N',
    'rows',
    'columns',
    ANCHORS.length * NUMBERS_PER_BOX,
  ]);
  return encodeModel(graph);
}

/**
 * Boxes from the network's raw output for one picture, in pixels of the canvas, best first, overlaps removed.
 * @param cells `rows * columns * 25` numbers
 * @param limit boxes whose score is not above it are left out
 */
export function decodeTiny(cells: Float32Array, rows: number, columns: number, limit: number): Detection[] {
  const found: Detection[] = [];
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      for (const [anchorWidth, anchorHeight] of ANCHORS) {
        const [x = 0, y = 0, w = 0, h = 0, confidence = 0] = cells.subarray(at, at + NUMBERS_PER_BOX);
        at += NUMBERS_PER_BOX;
        const score = logistic(confidence);
        if (score <= limit) continue;
        const width = Math.exp(w) * anchorWidth * TINY_STEP;
        const height = Math.exp(h) * anchorHeight * TINY_STEP;
        const centreX = (column + logistic(x)) * TINY_STEP;
        const centreY = (row + logistic(y)) * TINY_STEP;
        found.push({ score, box: { x: centreX - width / 2, y: centreY - height / 2, width, height } });
      }
    }
  }
  return suppressOverlaps(found, IOU_LIMIT);
}

function separableConv(graph: Graph, x: Value, weights: WeightMap, name: string): Value {
  const depthwise = depthwiseConv(graph, x, weightsOf(weights, `${name}/depthwise_filter`), null, {
    name: `${name}/depthwise`,
  });
  const filters = weightsOf(weights, `${name}/pointwise_filter`);
  const bias = weightsOf(weights, `${name}/bias`).data;
  return leakyRelu(graph, conv(graph, depthwise, filters, bias, { name: `${name}/pointwise` }), LEAK);
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

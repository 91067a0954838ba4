import {
  add,
  averagePool,
  constant,
  conv,
  createGraph,
  depthwiseConv,
  encodeModel,
  flatten,
  gemm,
  graphInput,
  graphOutput,
  mul,
  relu,
  sub,
  type Graph,
  type Value,
} from '../onnx/index.js';
import { readFaceApiWeights, weightsOf, type WeightMap } from './weights.js';

/** Side of the square picture that the landmark network looks at. */
export const LANDMARK_INPUT_SIZE = 112;
/** How many landmarks it places (iBUG order). */
export const LANDMARKS = 68;

/** What face-api's networks were trained to get their photos without, levels 0..255. */
export const MEAN_RGB = [122.782, 117.001, 104.298];
/** Blocks of the network and separable convolutions in each. */
const BLOCKS = ['dense0', 'dense1', 'dense2', 'dense3'];
const TINY_BLOCKS = ['dense0', 'dense1', 'dense2'];

/**
 * face-api's 68-point landmark network as ONNX: input `image` [N, 3, 112, 112], RGB 0..255, the face's box padded to a
 * square in its middle; output `landmarks` [N, 136], x0, y0, x1, ... as fractions of the square's side.
 * `tiny` takes the network of three blocks: faster, less exact.
 * Source: face-api.js faceLandmarkNet and faceFeatureExtractor.
 */
export function buildLandmarkNet(options: { readonly tiny?: boolean } = {}): Uint8Array {
  const tiny = options.tiny ?? false;
  const weights = readFaceApiWeights(tiny ? 'face_landmark_68_tiny' : 'face_landmark_68');
  const graph = createGraph(tiny ? 'face_landmark_68_tiny' : 'face_landmark_68');
  const image = graphInput(graph, 'image', ['N', 3, LANDMARK_INPUT_SIZE, LANDMARK_INPUT_SIZE]);
  const centred = sub(graph, image, constant(graph, Float32Array.from(MEAN_RGB), [3, 1, 1], 'mean'));
  let x = mul(graph, centred, constant(graph, Float32Array.of(1 / 255), [], 'scale'));
  for (const block of tiny ? TINY_BLOCKS : BLOCKS) x = denseBlock(graph, x, weights, block, tiny ? 3 : 4);
  // The window covers what is left of the picture: 7 pixels after four halvings, 14 after three.
  x = averagePool(graph, x, tiny ? 14 : 7, { padding: 'valid' });
  x = gemm(
    graph,
    flatten(graph, x),
    weightsOf(weights, 'fc/weights'),
    weightsOf(weights, 'fc/bias').data,
    'fc',
  );
  graphOutput(graph, x, 'landmarks', ['N', LANDMARKS * 2]);
  return encodeModel(graph);
}

/** Convolutions whose outputs are summed before each next one; the first halves the picture. */
function denseBlock(graph: Graph, x: Value, weights: WeightMap, block: string, convolutions: number): Value {
  const filters = weights.get(`${block}/conv0/filters`);
  const first =
    filters === undefined
      ? separableConv(graph, x, weights, `${block}/conv0`, 2)
      : conv(graph, x, filters, weightsOf(weights, `${block}/conv0/bias`).data, {
          stride: 2,
          name: `${block}/conv0`,
        });
  let sum = relu(graph, first);
  let input = sum;
  for (let i = 1; i < convolutions; i += 1) {
    sum = add(graph, sum, separableConv(graph, input, weights, `${block}/conv${i}`, 1));
    input = relu(graph, sum);
  }
  return input;
}

function separableConv(graph: Graph, x: Value, weights: WeightMap, name: string, stride: number): Value {
  const depthwise = depthwiseConv(graph, x, weightsOf(weights, `${name}/depthwise_filter`), null, {
    stride,
    name: `${name}/depthwise`,
  });
  const filters = weightsOf(weights, `${name}/pointwise_filter`);
  return conv(graph, depthwise, filters, weightsOf(weights, `${name}/bias`).data, {
    name: `${name}/pointwise`,
  });
}

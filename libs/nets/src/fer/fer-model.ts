import { CLASSES } from '@deadpan/shared/contracts';
import { addNetwork } from '../network/to-onnx.js';
import type { Network } from '../network/network.js';
import type { Parameters } from '../network/parameters.js';
import {
  add,
  concat,
  createGraph,
  encodeModel,
  floats,
  graphInput,
  graphOutput,
  mul,
  reshape,
  slice,
  softmax,
  type Graph,
  type Value,
} from '../onnx/index.js';

/** What an expression network becomes a model with. */
export interface FerModelOptions {
  /** Divides the logits before the softmax. */
  readonly temperature: number;
  /** Whether logits and embedding are the means of those of the face and of its mirror image. */
  readonly mirror: boolean;
}

/**
 * An expression network as the bytes of model.onnx: input `face` [N, 1, 60, 60]; outputs `probabilities` [N, 8],
 * `embedding` [N, D].
 */
export function buildFerModel(
  network: Network,
  parameters: Parameters,
  { temperature, mirror }: FerModelOptions,
): Uint8Array {
  const graph = createGraph(network.name);
  const [height, width, channels] = network.input.shape;
  const face = graphInput(graph, 'face', ['N', channels, height, width]);
  const seen = mirror ? concat(graph, [face, mirrored(graph, face)], 0) : face;
  const { logits, embedding } = addNetwork(graph, network, parameters, seen);
  if (logits === undefined || embedding === undefined)
    throw new Error(`${network.name} gives no logits and embedding`);
  const embeddingSource = network.outputs['embedding'] ?? '';
  const units = network.layers.find((layer) => layer.name === embeddingSource)?.shape[2] ?? 0;
  const outcome = (value: Value, size: number): Value => (mirror ? meanOfHalves(graph, value, size) : value);
  const scaled = mul(graph, outcome(logits, CLASSES.length), floats(graph, [1 / temperature], []));
  graphOutput(graph, softmax(graph, scaled), 'probabilities', ['N', CLASSES.length]);
  graphOutput(graph, outcome(embedding, units), 'embedding', ['N', units]);
  return encodeModel(graph);
}

/** Left and right changed, [N, C, H, W]. */
function mirrored(graph: Graph, x: Value): Value {
  const beforeTheFirst = -(2 ** 31);
  return slice(graph, x, [-1], [beforeTheFirst], [3], [-1]);
}

/** [2 N, D] -> [N, D]: the mean of row n and row N + n. */
function meanOfHalves(graph: Graph, x: Value, size: number): Value {
  const halves = reshape(graph, x, [2, -1, size]);
  const sum = add(graph, slice(graph, halves, [0], [1], [0]), slice(graph, halves, [1], [2], [0]));
  return reshape(graph, mul(graph, sum, floats(graph, [0.5], [])), [-1, size]);
}

import { CLASSES } from '@deadpan/shared/contracts';
import { addNetwork } from '../network/to-onnx.js';
import type { Network } from '../network/network.js';
import type { Parameters } from '../network/parameters.js';
import { createGraph, encodeModel, floats, graphInput, graphOutput, mul, softmax } from '../onnx/index.js';

/**
 * An expression network as the bytes of model.onnx: input `face` [N, 1, 60, 60]; outputs `probabilities` [N, 8],
 * `embedding` [N, D].
 * @param temperature by which the logits are divided before the softmax
 */
export function buildFerModel(network: Network, parameters: Parameters, temperature: number): Uint8Array {
  const graph = createGraph(network.name);
  const [height, width, channels] = network.input.shape;
  const face = graphInput(graph, 'face', ['N', channels, height, width]);
  const { logits, embedding } = addNetwork(graph, network, parameters, face);
  if (logits === undefined || embedding === undefined)
    throw new Error(`${network.name} gives no logits and embedding`);
  const scaled = mul(graph, logits, floats(graph, [1 / temperature], []));
  graphOutput(graph, softmax(graph, scaled), 'probabilities', ['N', CLASSES.length]);
  const embeddingSource = network.outputs['embedding'] ?? '';
  const units = network.layers.find((layer) => layer.name === embeddingSource)?.shape[2] ?? 0;
  graphOutput(graph, embedding, 'embedding', ['N', units]);
  return encodeModel(graph);
}

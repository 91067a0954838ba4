import { addNetwork } from '../network/to-onnx.js';
import type { Network } from '../network/network.js';
import type { Parameters } from '../network/parameters.js';
import { clip, createGraph, encodeModel, graphInput, graphOutput } from '../onnx/index.js';

/** A reference generator as the bytes of model.onnx: input `face` [N, 1, 64, 64] in 0..1, output `reference`, the same. */
export function buildHngModel(network: Network, parameters: Parameters): Uint8Array {
  const graph = createGraph(network.name);
  const [height, width, channels] = network.input.shape;
  const face = graphInput(graph, 'face', ['N', channels, height, width]);
  const { reference } = addNetwork(graph, network, parameters, face);
  if (reference === undefined) throw new Error(`${network.name} gives no reference`);
  graphOutput(graph, clip(graph, reference, 0, 1), 'reference', ['N', channels, height, width]);
  return encodeModel(graph);
}

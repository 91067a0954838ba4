import { sourcesOf, type Layer, type Network } from '../network/network.js';

/** Layers that learn nothing and hand their input on, as far as precision is concerned. */
const PASSING = new Set<Layer['op']>(['resize', 'flatten', 'dropout', 'pad-end', 'relu', 'leaky-relu']);

/**
 * The layers of a network that `quantize` should leave in floats: little work and much to lose. Those are the first
 * convolutions, which see the picture; the last ones, which are a picture or a flow; and the dense layers, whose
 * numbers are compared or summed to probabilities.
 */
export function sensitiveLayers(network: Network): string[] {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const isInput = (source: string): boolean => {
    const layer = layers.get(source);
    return layer === undefined || (PASSING.has(layer.op) && sourcesOf(layer).every(isInput));
  };
  const drawing = new Set(
    network.layers.flatMap((layer) =>
      layer.op === 'tanh' || layer.op === 'sigmoid' ? sourcesOf(layer) : [],
    ),
  );
  return network.layers
    .filter((layer) => {
      if (layer.op === 'dense') return true;
      return layer.op === 'conv' && (isInput(layer.input) || drawing.has(layer.name));
    })
    .map(({ name }) => name);
}

import type { Weights } from '../onnx/index.js';
import { shapeOf, type Network } from './network.js';

/**
 * All learnt numbers of a network, by `<layer>/<role>`. Convolutions are [height, width, in, out], dense layers
 * [in, out].
 */
export type Parameters = ReadonlyMap<string, Weights>;

/** The shape of every parameter that `network` needs, in the order of its layers. */
export function parameterShapes(network: Network): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const layer of network.layers) {
    const [, , channels] = layer.shape;
    if (layer.op === 'conv') {
      shapes.set(`${layer.name}/weights`, [
        layer.kernel,
        layer.kernel,
        shapeOf(network, layer.input)[2],
        channels,
      ]);
      shapes.set(`${layer.name}/bias`, [channels]);
    } else if (layer.op === 'conv-transpose') {
      // TensorFlow's order for transposed convolutions: [height, width, out, in].
      shapes.set(`${layer.name}/weights`, [
        layer.kernel,
        layer.kernel,
        channels,
        shapeOf(network, layer.input)[2],
      ]);
      shapes.set(`${layer.name}/bias`, [channels]);
    } else if (layer.op === 'dense') {
      shapes.set(`${layer.name}/weights`, [shapeOf(network, layer.input)[2], channels]);
      if (layer.bias) shapes.set(`${layer.name}/bias`, [channels]);
    } else if (layer.op === 'batch-norm') {
      for (const role of ['scale', 'offset', 'mean', 'variance'])
        shapes.set(`${layer.name}/${role}`, [channels]);
    }
  }
  return shapes;
}

/** Number of learnt numbers; running means and variances of batch norm are not learnt and not counted. */
export function parameterCount(network: Network): number {
  let count = 0;
  for (const [name, shape] of parameterShapes(network)) {
    if (!/\/(mean|variance)$/.test(name)) count += shape.reduce((product, extent) => product * extent, 1);
  }
  return count;
}

/** Multiply-accumulates of one forward pass over one image, convolutions and dense layers only. */
export function multiplyAccumulates(network: Network): number {
  let sum = 0;
  for (const layer of network.layers) {
    const [height, width, channels] = layer.shape;
    if (layer.op === 'conv')
      sum += height * width * channels * layer.kernel ** 2 * shapeOf(network, layer.input)[2];
    else if (layer.op === 'conv-transpose') {
      const [inHeight, inWidth, inChannels] = shapeOf(network, layer.input);
      sum += inHeight * inWidth * inChannels * layer.kernel ** 2 * channels;
    } else if (layer.op === 'dense') sum += shapeOf(network, layer.input)[2] * channels;
  }
  return sum;
}

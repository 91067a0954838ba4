import { MEAN_RGB, weightsOf } from '../face-api/index.js';
import { networkBuilder } from '../network/network-builder.js';
import type { Network } from '../network/network.js';
import type { Parameters } from '../network/parameters.js';
import type { Weights } from '../onnx/index.js';
import { residualTrunk, residualTrunkParameters } from './residual-trunk.js';

/**
 * The trunk of dlib's face recognition network over an aligned 64x64 face, grey levels 0..1, for losses that compare
 * what it sees; its layers are read by their names (`conv64_3`, `conv256_2`).
 * @param size side to which the face is enlarged; 80 leaves 2x2 positions at the end
 */
export function recognitionNetwork(size = 80): Network {
  const net = networkBuilder('recognition', { name: 'face', shape: [64, 64, 1] });
  return net.build({ features: residualTrunk(net, net.resize('face', size, size)) });
}

/**
 * The weights of `face_recognition_model` for {@link recognitionNetwork}. The mean colour, which the network was trained
 * to get its photos without, goes into the bias of the first convolution; that has no padding, so nothing else changes.
 * @throws DeadpanError when a tensor is missing
 */
export function recognitionParameters(weights: Parameters): Map<string, Weights> {
  const parameters = residualTrunkParameters(weights, 1);
  const filters = weightsOf(weights, 'conv32_down/conv/filters').data;
  const scale = weightsOf(weights, 'conv32_down/scale/weights').data;
  const { shape, data } = weightsOf(parameters, 'conv32_down/bias');
  const bias = data.map((value, channel) => {
    let mean = 0;
    for (let i = channel; i < filters.length; i += data.length) {
      const colour = Math.floor(i / data.length) % MEAN_RGB.length;
      mean += ((filters[i] ?? 0) * (MEAN_RGB[colour] ?? 0)) / 255;
    }
    return value - mean * (scale[channel] ?? 0);
  });
  return parameters.set('conv32_down/bias', { shape, data: bias });
}

import { networkBuilder } from '../network/network-builder.js';
import type { Network } from '../network/network.js';
import { residualTrunk } from './residual-trunk.js';

/**
 * The trunk of dlib's face recognition network over an aligned 64x64 face, for losses that compare what it sees; its
 * layers are read by their names (`conv64_3`, `conv256_2`).
 * @param size side to which the face is enlarged; 80 leaves 2x2 positions at the end
 */
export function recognitionNetwork(size = 80): Network {
  const net = networkBuilder('recognition', { name: 'face', shape: [64, 64, 1] });
  return net.build({ features: residualTrunk(net, net.resize('face', size, size)) });
}

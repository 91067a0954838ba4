import { networkBuilder } from '../network/network-builder.js';
import type { Network } from '../network/network.js';

/**
 * Light CNN-4 (Wu et al. 2018, `LightenedCNN_A`): four convolutions with max-feature-map, two dense layers. The paper
 * measures identity on its last two layers, here `pool4` and `identity`. At 64x64: 1.74 M parameters, 0.197 GMAC.
 * Its layers alone, for comparison of sizes: no weights come with it and no recipe can name it. The weights that its
 * authors released are not for commercial use and want 128x128; recipes measure identity on `recognitionNetwork`.
 */
export function lightCnnNetwork(size = 64): Network {
  const net = networkBuilder('light-cnn-4', { name: 'face', shape: [size, size, 1] });
  let x = 'face';
  let last = x;
  (
    [
      [96, 9],
      [192, 5],
      [256, 5],
      [384, 4],
    ] as const
  ).forEach(([channels, kernel], index) => {
    last = net.maxPool(
      net.maxFeatureMap(net.conv(x, `conv${index + 1}`, channels, kernel, { padding: 'valid' })),
      2,
      2,
      'same',
    );
    x = last;
  });
  const identity = net.maxFeatureMap(net.dense(net.flatten(x), 'fc1', 512));
  return net.build({ pool4: last, identity });
}

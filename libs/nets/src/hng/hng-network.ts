import { networkBuilder, type NetworkBuilder } from '../network/network-builder.js';
import type { Network, Source } from '../network/network.js';

/** Leak of every rectifier of the generator and of the discriminator. */
const ALPHA = 0.1;

/** Parameters of the encoder begin with this, those of the decoder with `dec/`: Algorithm 1 trains them apart. */
export const ENCODER_PREFIX = 'enc/';

/**
 * The paper's plain generator: an encoder to one vector of 256 numbers and a decoder back (sizes ours).
 * @param width channels of the first convolution; 64 gives 11.3 M parameters and 265 MMAC, 32 gives 3.9 M and 68
 */
export function plainHngNetwork(width = 64): Network {
  const net = networkBuilder('hng-plain', { name: 'face', shape: [64, 64, 1] });
  let x: Source = 'face';
  [1, 2, 4, 8].forEach((factor, index) => {
    x = net.conv(x, `enc/conv${index + 1}`, width * factor, 5, { stride: 2 });
    if (index > 0) x = net.batchNorm(x);
    x = net.leakyRelu(x, ALPHA);
  });
  x = net.dense(net.flatten(x), 'enc/code', 256);
  x = net.unflatten(net.leakyRelu(net.dense(x, 'dec/grow', 4 * 4 * width * 8), ALPHA), [4, 4, width * 8]);
  [4, 2, 1].forEach((factor, index) => {
    x = net.leakyRelu(net.batchNorm(net.convTranspose(x, `dec/up${index + 1}`, width * factor, 4, 2)), ALPHA);
  });
  x = net.sigmoid(net.convTranspose(x, 'dec/up4', 1, 4, 2), 'reference');
  return net.build({ reference: x });
}

/** The discriminator: is this one of the guiding set's neutral faces? Its output is a logit. */
export function discriminatorNetwork(width = 64): Network {
  const net = networkBuilder('dis', { name: 'face', shape: [64, 64, 1] });
  let x: Source = 'face';
  [1, 2, 4, 8].forEach((factor, index) => {
    x = net.leakyRelu(net.conv(x, `dis/conv${index + 1}`, width * factor, 4, { stride: 2 }), ALPHA);
  });
  return net.build({ logit: net.dense(net.flatten(x), 'dis/logit', 1) });
}

/** How much darker or lighter a pixel may become, of 0..1: teeth to lips. */
const MOST_CHANGE = 0.7;

/** Channels of the released generator at 64, 32, 16 and 8 pixels. */
const CHANNELS = [16, 32, 64, 80] as const;

function upAndJoin(net: NetworkBuilder, deep: Source, skip: Source, name: string, channels: number): Source {
  const [height, width] = net.shape(skip);
  // Narrowed before it is enlarged: the same result for a quarter of the work.
  const up = net.resize(net.conv(deep, `${name}/narrow`, channels, 1), height, width);
  const joined = net.leakyRelu(
    net.add([up, net.conv(skip, `${name}/skip`, channels, 1)], `${name}/join`),
    ALPHA,
  );
  return net.leakyRelu(net.conv(joined, `${name}/conv`, channels, 3), ALPHA);
}

/** How far a pixel may come from, in pixels of 64: an open mouth closes, a corner of it comes down. */
const MOST_MOVED = 8;

/**
 * The released generator: an encoder-decoder with skip connections that says from where in the input each pixel of the
 * reference comes, and what to add to it. It begins near the identity, so the person is there from the start and only
 * what expression changes has to be learnt: features move by the flow, teeth and folds go by the change.
 * Its output may leave 0..1 a little.
 */
export function skipHngNetwork(): Network {
  const net = networkBuilder('hng-skip', { name: 'face', shape: [64, 64, 1] });
  const conv = (input: Source, name: string, channels: number, stride = 1): Source =>
    net.leakyRelu(net.conv(input, name, channels, 3, { stride }), ALPHA);
  const e64 = conv('face', 'enc/conv64', CHANNELS[0]);
  const e32 = conv(e64, 'enc/conv32', CHANNELS[1], 2);
  const e16 = conv(e32, 'enc/conv16', CHANNELS[2], 2);
  let x = conv(e16, 'enc/conv8', CHANNELS[3], 2);
  // Two residual blocks at 8x8, where one position sees half of the face.
  for (const block of ['enc/middle1', 'enc/middle2']) {
    const inner = net.conv(conv(x, `${block}/first`, CHANNELS[3]), `${block}/second`, CHANNELS[3], 3);
    x = net.leakyRelu(net.add([x, inner], block), ALPHA);
  }
  const d16 = upAndJoin(net, x, e16, 'dec/16', CHANNELS[2]);
  const d32 = upAndJoin(net, d16, e32, 'dec/32', CHANNELS[1]);
  const d64 = upAndJoin(net, d32, e64, 'dec/64', CHANNELS[0]);
  // At 32 pixels the flow is smooth by itself and still tells the lips apart.
  const flow32 = net.scale(net.tanh(net.conv(d32, 'dec/flow', 2, 3)), MOST_MOVED);
  const moved = net.warp('face', net.resize(flow32, 64, 64), 'moved');
  const change = net.scale(net.tanh(net.conv(d64, 'dec/change', 1, 3)), MOST_CHANGE);
  return net.build({ reference: net.add([moved, change], 'reference'), change });
}

import { networkBuilder, type NetworkBuilder } from '../network/network-builder.js';
import type { Network, Source } from '../network/network.js';
import { residualTrunk } from '../recognition/residual-trunk.js';

/** Sizes of the two branches after the trunk (Fig. 4 and Eq. 17 of the paper; numbers ours). */
export interface FerHead {
  /** Units of FC2 (expression branch) and of FC3 (metric branch). */
  readonly branch: number;
  /** Units of FC4, the connecting layer. */
  readonly connecting: number;
  /** Units of FC5, the embedding. */
  readonly embedding: number;
  readonly classes: number;
  /** Dropout before the branches and before the logits. */
  readonly dropout: number;
  readonly alpha: number;
}

/**
 * The two-branch head: EC = FC2 -> logits; ML = FC3; FC4 = P1^T FC2 + P2^T FC3 (Eq. 17); FC5 = embedding.
 * Softmax gradients do not reach FC3 by construction; metric gradients reach FC2 through P1.
 */
function twoBranchHead(
  net: NetworkBuilder,
  trunk: Source,
  head: FerHead,
): { logits: Source; embedding: Source } {
  const features = net.dropout(net.flatten(trunk), head.dropout);
  const fc2 = net.leakyRelu(net.dense(features, 'fc2', head.branch), head.alpha);
  const fc3 = net.leakyRelu(net.dense(features, 'fc3', head.branch), head.alpha);
  const logits = net.dense(net.dropout(fc2, head.dropout), 'logits', head.classes);
  const p1 = net.dense(fc2, 'p1', head.connecting);
  const p2 = net.dense(fc3, 'p2', head.connecting, { bias: false });
  const fc4 = net.leakyRelu(net.add([p1, p2], 'fc4'), head.alpha);
  return { logits, embedding: net.dense(fc4, 'fc5', head.embedding) };
}

/** The head of the released network. */
export const residualHead: FerHead = {
  branch: 256,
  connecting: 128,
  embedding: 64,
  classes: 8,
  dropout: 0.4,
  alpha: 0.1,
};

/**
 * The released expression network: a 60x60 preprocessed face, enlarged inside the graph, through dlib's ResNet trunk
 * and the paper's two branches.
 * @param size side in pixels of the enlarged face; 104 and 112 leave 3x3 positions at the end
 */
export function residualFerNetwork(size = 104, head: FerHead = residualHead): Network {
  const net = networkBuilder('fer-residual', { name: 'face', shape: [60, 60, 1] });
  const { logits, embedding } = twoBranchHead(net, residualTrunk(net, net.resize('face', size, size)), head);
  return net.build({ logits, embedding });
}

/** Channels of the paper-like inception trunk. */
export interface InceptionTrunk {
  readonly conv1: number;
  /** Per group: channels of the 1x1 path, reduced and full channels of the 3x3 path, then of the 5x5 path. */
  readonly groups: readonly {
    readonly one: number;
    readonly three: readonly [number, number];
    readonly five: readonly [number, number];
  }[];
  readonly head: FerHead;
}

/** The table "Std" of the design notes: 2.87 M parameters, 185 MMAC. */
export const inceptionStd: InceptionTrunk = {
  conv1: 64,
  groups: [
    { one: 64, three: [64, 96], five: [32, 64] },
    { one: 96, three: [96, 144], five: [32, 64] },
    { one: 128, three: [128, 192], five: [48, 96] },
  ],
  head: { branch: 256, connecting: 256, embedding: 128, classes: 8, dropout: 0.4, alpha: 0.1 },
};

/** The table "Small": 0.41 M parameters, 14.5 MMAC. */
export const inceptionSmall: InceptionTrunk = {
  conv1: 16,
  groups: [
    { one: 16, three: [16, 24], five: [8, 16] },
    { one: 24, three: [24, 40], five: [12, 24] },
    { one: 32, three: [32, 64], five: [16, 32] },
  ],
  head: { branch: 128, connecting: 128, embedding: 64, classes: 8, dropout: 0.4, alpha: 0.1 },
};

/** The paper's trunk: one convolution, then three groups of parallel 1x1, 3x3 and 5x5 convolutions, LeakyReLU 0.1. */
export function inceptionFerNetwork(trunk: InceptionTrunk): Network {
  const net = networkBuilder('fer-inception', { name: 'face', shape: [60, 60, 1] });
  const { alpha } = trunk.head;
  const conv = (input: Source, name: string, channels: number, kernel: number): Source =>
    net.leakyRelu(net.conv(input, name, channels, kernel), alpha);
  let x = net.maxPool(conv('face', 'conv1', trunk.conv1, 5), 2, 2);
  trunk.groups.forEach(({ one, three, five }, index) => {
    const group = `group${index + 1}`;
    const paths = [
      conv(x, `${group}/one`, one, 1),
      conv(conv(x, `${group}/three-reduce`, three[0], 1), `${group}/three`, three[1], 3),
      conv(conv(x, `${group}/five-reduce`, five[0], 1), `${group}/five`, five[1], 5),
    ];
    x = net.maxPool(net.concat(paths, group), 2, 2);
  });
  const { logits, embedding } = twoBranchHead(net, x, trunk.head);
  return net.build({ logits, embedding });
}

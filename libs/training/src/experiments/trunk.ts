import {
  inceptionFerNetwork,
  inceptionSmall,
  inceptionStd,
  readFaceApiWeights,
  residualFerNetwork,
  residualHead,
  residualTrunkParameters,
  shapeOf,
  type Network,
  type Parameters,
  type Shape,
  type Source,
} from '@deadpan/nets';

/** The trunks that methods can be compared on. */
export const trunkNames = ['residual', 'inception', 'inception-small'] as const;

/** One of {@link trunkNames}. */
export type TrunkName = (typeof trunkNames)[number];

/** A network whose lower part may be frozen. */
export interface Trunk {
  readonly name: TrunkName;
  readonly network: Network;
  /** The value that training starts from: the output of the frozen part, or the network's input. */
  readonly from: Source;
  readonly shape: Shape;
  /** Layers that are computed once and never trained. */
  readonly frozen: ReadonlySet<string>;
  /** Weights to start from. */
  readonly parameters: Parameters;
}

/** Stage of the residual trunk that is frozen; measured, its features say most about expressions. */
const FROZEN = 'conv128_2/relu';

/**
 * The trunk, with the two-branch head for so many classes. `residual`: dlib's recognition weights, frozen up to the
 * 128-channel stage, the 256-channel stage trained; no weight has seen an expression label. `inception`: the paper's,
 * from random weights, trained whole.
 * @param alpha slope of the LeakyReLU on the negative side
 */
export function trunkNamed(name: TrunkName, classes: number, alpha: number): Trunk {
  if (name === 'residual') {
    const network = residualFerNetwork(96, { ...residualHead, classes, alpha });
    const end = network.layers.findIndex((layer) => layer.name === FROZEN);
    return {
      name,
      network,
      from: FROZEN,
      shape: shapeOf(network, FROZEN),
      frozen: new Set(network.layers.slice(0, end + 1).map((layer) => layer.name)),
      parameters: residualTrunkParameters(readFaceApiWeights('face_recognition')),
    };
  }
  const sizes = name === 'inception' ? inceptionStd : inceptionSmall;
  const network = inceptionFerNetwork({ ...sizes, head: { ...sizes.head, classes, alpha } });
  return {
    name,
    network,
    from: network.input.name,
    shape: network.input.shape,
    frozen: new Set(),
    parameters: new Map(),
  };
}

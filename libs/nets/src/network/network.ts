/** Height, width, channels of one image-like activation; a vector is [1, 1, units]. */
export type Shape = readonly [height: number, width: number, channels: number];

/** Where a layer takes its values from: an input of the network or an earlier layer, by name. */
export type Source = string;

/** One operation of a network. Layers that learn own parameters `<name>/weights`, `<name>/bias` and so on. */
export type Layer = { readonly name: string; readonly shape: Shape } & (
  | {
      readonly op: 'conv';
      readonly input: Source;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: 'same' | 'valid';
    }
  | {
      readonly op: 'conv-transpose';
      readonly input: Source;
      readonly kernel: number;
      readonly stride: number;
    }
  | { readonly op: 'dense'; readonly input: Source; readonly bias: boolean }
  | { readonly op: 'batch-norm'; readonly input: Source }
  | { readonly op: 'relu' | 'sigmoid' | 'tanh' | 'softmax'; readonly input: Source }
  | { readonly op: 'leaky-relu'; readonly input: Source; readonly alpha: number }
  /** Elementwise maximum of the two halves of the channels (Light CNN). */
  | { readonly op: 'max-feature-map'; readonly input: Source }
  | {
      readonly op: 'max-pool' | 'average-pool';
      readonly input: Source;
      readonly size: number;
      readonly stride: number;
      readonly padding: 'same' | 'valid';
    }
  /** Appends zeros at the bottom, at the right and after the last channel, up to the layer's shape. */
  | { readonly op: 'pad-end'; readonly input: Source }
  /** Bilinear, half-pixel centres. */
  | { readonly op: 'resize'; readonly input: Source }
  | { readonly op: 'flatten' | 'unflatten'; readonly input: Source }
  /** Active in training only. */
  | { readonly op: 'dropout'; readonly input: Source; readonly rate: number }
  | { readonly op: 'add' | 'concat'; readonly inputs: readonly Source[] }
  /** Fetches every pixel of `base` from where `flow` (right, down; in pixels) says, bilinearly; training learns the flow alone. */
  | { readonly op: 'warp'; readonly base: Source; readonly flow: Source }
  /** Multiplies by a constant. */
  | { readonly op: 'scale'; readonly input: Source; readonly factor: number }
);

/**
 * A network as plain data. Training interprets it with TensorFlow, the ONNX writer turns it into a graph: one
 * description, so that what is trained is what is shipped.
 */
export interface Network {
  readonly name: string;
  readonly input: { readonly name: string; readonly shape: Shape };
  readonly layers: readonly Layer[];
  /** Public name of each output -> the layer that gives it. */
  readonly outputs: Readonly<Record<string, Source>>;
}

/** The sources of a layer in the order of its operands. */
export function sourcesOf(layer: Layer): readonly Source[] {
  switch (layer.op) {
    case 'add':
    case 'concat':
      return layer.inputs;
    case 'warp':
      return [layer.base, layer.flow];
    default:
      return [layer.input];
  }
}

/**
 * The shape that `source` has in `network`.
 * @throws Error when there is no such layer.
 */
export function shapeOf(network: Pick<Network, 'input' | 'layers'>, source: Source): Shape {
  if (source === network.input.name) return network.input.shape;
  const layer = network.layers.find((candidate) => candidate.name === source);
  if (!layer) throw new Error(`network has no layer named ${source}`);
  return layer.shape;
}

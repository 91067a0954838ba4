import type { NetworkBuilder } from '../network/network-builder.js';
import type { Parameters } from '../network/parameters.js';
import { weightsOf } from '../face-api/index.js';
import type { Weights } from '../onnx/index.js';
import type { Source } from '../network/network.js';

/** The stages of dlib's face recognition ResNet, by the names that face-api's weight files give them. */
export const residualStages = [
  { channels: 32, down: undefined, blocks: ['conv32_1', 'conv32_2', 'conv32_3'] },
  { channels: 64, down: 'conv64_down', blocks: ['conv64_1', 'conv64_2', 'conv64_3'] },
  { channels: 128, down: 'conv128_down', blocks: ['conv128_1', 'conv128_2'] },
  { channels: 256, down: 'conv256_down', blocks: ['conv256_1', 'conv256_2'] },
] as const;

function residualBlock(net: NetworkBuilder, input: Source, name: string, channels: number): Source {
  const first = net.relu(net.conv(input, `${name}/conv1`, channels, 3));
  const second = net.conv(first, `${name}/conv2`, channels, 3);
  return net.relu(net.add([input, second], name));
}

function residualDown(net: NetworkBuilder, input: Source, name: string, channels: number): Source {
  const first = net.relu(net.conv(input, `${name}/conv1`, channels, 3, { stride: 2, padding: 'valid' }));
  const second = net.conv(first, `${name}/conv2`, channels, 3);
  const pooled = net.averagePool(input, 2, 2);
  const [height, width] = net.shape(pooled);
  // dlib adds tensors of different sizes as if the smaller one went on with zeros, in space and in channels.
  const widened = net.padEnd(pooled, [height, width, channels]);
  const [convHeight] = net.shape(second);
  const grown = convHeight === height ? second : net.padEnd(second, [height, width, channels]);
  return net.relu(net.add([widened, grown], name));
}

/**
 * dlib's face recognition ResNet up to its 256-channel stage (King 2017, dlib `dnn_face_recognition_ex.cpp`), each
 * scale layer folded into the convolution before it: 13 residual blocks, no batch statistics.
 * @param input a gray image; 104x104 gives 3x3x256, 112x112 gives 3x3x256
 */
export function residualTrunk(net: NetworkBuilder, input: Source): Source {
  let x = net.maxPool(net.relu(net.conv(input, 'conv32_down', 32, 7, { stride: 2, padding: 'valid' })), 3, 2);
  for (const { channels, down, blocks } of residualStages) {
    if (down) x = residualDown(net, x, down, channels);
    for (const block of blocks) x = residualBlock(net, x, block, channels);
  }
  return x;
}

/**
 * The weights of `face_recognition_model` rewritten for `residualTrunk`: scale layers folded into the convolutions,
 * the first convolution summed over colours.
 * @param weights tensors by face-api's names, e.g. `conv32_1/conv1/conv/filters`
 * @param contrast what one unit of the gray input is worth in the units the net was trained on; a standardised face
 *   has deviation 1 where a photo's is about 0.25 of the range
 * @throws DeadpanError when a tensor is missing
 */
export function residualTrunkParameters(weights: Parameters, contrast = 0.25): Map<string, Weights> {
  const out = new Map<string, Weights>();
  const fold = (from: string, to: string): void => {
    const filters = weightsOf(weights, `${from}/conv/filters`);
    const scale = weightsOf(weights, `${from}/scale/weights`).data;
    const offset = weightsOf(weights, `${from}/scale/biases`).data;
    const bias = weightsOf(weights, `${from}/conv/bias`).data;
    const channels = scale.length;
    const at = (values: Float32Array, index: number): number => values[index] ?? 0;
    out.set(`${to}/weights`, {
      shape: filters.shape,
      data: filters.data.map((value, i) => value * at(scale, i % channels)),
    });
    out.set(`${to}/bias`, {
      shape: [channels],
      data: bias.map((value, c) => value * at(scale, c) + at(offset, c)),
    });
  };
  fold('conv32_down', 'conv32_down');
  for (const { down, blocks } of residualStages) {
    for (const block of down ? [down, ...blocks] : blocks) {
      fold(`${block}/conv1`, `${block}/conv1`);
      fold(`${block}/conv2`, `${block}/conv2`);
    }
  }
  const colour = out.get('conv32_down/weights');
  if (!colour) throw new Error('face_recognition_model has no first convolution');
  const [height = 0, width = 0, colours = 0, channels = 0] = colour.shape;
  const gray = new Float32Array(height * width * channels);
  for (let position = 0; position < height * width; position++) {
    for (let colourIndex = 0; colourIndex < colours; colourIndex++) {
      for (let channel = 0; channel < channels; channel++) {
        const to = position * channels + channel;
        gray[to] =
          (gray[to] ?? 0) +
          contrast * (colour.data[(position * colours + colourIndex) * channels + channel] ?? 0);
      }
    }
  }
  out.set('conv32_down/weights', { shape: [height, width, 1, channels], data: gray });
  return out;
}

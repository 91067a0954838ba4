import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { cropSide } from '../datasets/augment-face.js';

/**
 * The expression network's preprocessing on the gradient tape, so that a generator can be taught what the network says
 * of its output: histogram equalisation, plane fit, zero mean and unit variance.
 * @param faces [N, 60, 60, 1], grey levels 0..1
 */
export function expressionTensor(faces: Tensor4D): Tensor4D {
  const [batch] = faces.shape;
  const flat = tf.reshape(equalizeTensor(faces), [batch, cropSide * cropSide]);
  const ramps = planeBasis();
  const level = tf.sub<Tensor2D>(flat, tf.matMul(tf.matMul(flat, ramps, false, true), ramps));
  const centred = tf.sub(level, tf.mean(level, 1, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-6));
  return tf.reshape(tf.div(centred, deviation), [batch, cropSide, cropSide, 1]);
}

// The two ramps, each of unit length: what a plane fit projects out. [2, pixels]
function planeBasis(): Tensor2D {
  const middle = (cropSide - 1) / 2;
  const x = Array.from({ length: cropSide * cropSide }, (_, i) => (i % cropSide) - middle);
  const y = Array.from({ length: cropSide * cropSide }, (_, i) => Math.floor(i / cropSide) - middle);
  const length = Math.hypot(...x);
  return tf.tensor2d([x.map((value) => value / length), y.map((value) => value / length)]);
}

const BINS = 256;
// The slope is taken over this many bins on both sides: single bins of a small picture are mostly empty.
const SLOPE_REACH = 8;

/**
 * Histogram equalisation to 0..255. Its gradient is the slope of each picture's own mapping, which is held fixed.
 * @param faces [N, H, W, 1], 0..1
 */
export function equalizeTensor(faces: Tensor4D): Tensor4D {
  const operation = tf.customGrad((input, save) => {
    const x = input as Tensor4D;
    const [batch] = x.shape;
    const values = x.dataSync<'float32'>();
    const size = values.length / batch;
    const equal = new Float32Array(values.length);
    const slope = new Float32Array(values.length);
    for (let picture = 0; picture < batch; picture++) {
      equalizeOne(
        values.subarray(picture * size, (picture + 1) * size),
        equal.subarray(picture * size),
        slope.subarray(picture * size),
      );
    }
    (save as (tensors: Tensor[]) => void)([tf.tensor(slope, x.shape)]);
    return {
      value: tf.tensor(equal, x.shape),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [slopes] = saved as [Tensor];
        return tf.mul(dy, slopes);
      },
    };
  });
  return operation(faces) as Tensor4D;
}

function equalizeOne(values: Float32Array, equal: Float32Array, slope: Float32Array): void {
  const bins = Uint8Array.from(values, (value) => Math.round(Math.min(1, Math.max(0, value)) * (BINS - 1)));
  const below = new Float32Array(BINS + 1);
  for (const bin of bins) below[bin + 1] = (below[bin + 1] ?? 0) + 1;
  for (let bin = 1; bin <= BINS; bin++) below[bin] = (below[bin] ?? 0) + (below[bin - 1] ?? 0);
  const lowest = bins.reduce((least, bin) => Math.min(least, bin), BINS - 1);
  const first = below[lowest + 1] ?? 0;
  const scale = (BINS - 1) / Math.max(1, values.length - first);
  const levelAt = (bin: number): number => Math.max(0, (below[bin + 1] ?? 0) - first) * scale;
  bins.forEach((bin, i) => {
    const low = Math.max(0, bin - SLOPE_REACH);
    const high = Math.min(BINS - 1, bin + SLOPE_REACH);
    equal[i] = Math.round(levelAt(bin));
    slope[i] = ((levelAt(high) - levelAt(low)) / (high - low)) * (BINS - 1);
  });
}

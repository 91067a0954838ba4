import { floatOutput, type Network, type Session } from '@deadpan/nets';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { centreCrop, cropSide, takeCrop } from '../datasets/augment-face.js';
import { expressionInput } from '../datasets/expression-input.js';
import { canvasOf, type CachedFace, type FaceCache } from '../datasets/face-cache.js';
import {
  argmax,
  classificationReport,
  confusionMatrix,
  type ClassificationReport,
} from '../metrics/classification.js';
import { calibrationError, softmaxAt } from '../metrics/calibration.js';
import { runNetwork } from '../networks/run-network.js';
import type { Variables } from '../networks/variables.js';

/** What a network says of the faces of a cache. */
export interface FerPredictions {
  /** Index of each face in the cache. */
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  readonly logits: readonly Float32Array[];
}

/** What a finished model says of the faces of a cache. */
export interface FerAnswers {
  readonly labels: readonly number[];
  /** Per face, in the order of the classes. */
  readonly probabilities: readonly (readonly number[])[];
}

/** What the expression network reads of some faces of a cache, 60x60 each in a row: one centre crop each. */
export function expressionInputs(cache: FaceCache, indices: readonly number[]): Float32Array {
  const size = cropSide * cropSide;
  const pixels = new Float32Array(indices.length * size);
  indices.forEach((index, row) => {
    pixels.set(expressionInput(takeCrop(canvasOf(cache, index), centreCrop)), row * size);
  });
  return pixels;
}

function labelled(cache: FaceCache, filter: (face: CachedFace) => boolean): number[] {
  return cache.faces.flatMap((face, index) => (face.label !== undefined && filter(face) ? [index] : []));
}

/** Which faces {@link predictFaces} looks at, and how. */
export interface PredictOptions {
  /** Only faces that pass. */
  readonly filter?: (face: CachedFace) => boolean;
  /** Whether the logits are the means of those of a face and of its mirror image, as in a released model. */
  readonly mirror?: boolean;
}

const PREDICT_BATCH = 128;

/** Runs an expression network on every face that has a label. */
export function predictFaces(
  network: Network,
  variables: Variables,
  cache: FaceCache,
  { filter = () => true, mirror = false }: PredictOptions = {},
): FerPredictions {
  const indices = labelled(cache, filter);
  const logits: Float32Array[] = [];
  for (let start = 0; start < indices.length; start += PREDICT_BATCH) {
    const part = indices.slice(start, start + PREDICT_BATCH);
    const values = tf.tidy(() => {
      const x = tf.tensor4d(expressionInputs(cache, part), [part.length, cropSide, cropSide, 1]);
      const logitsOf = (faces: Tensor4D): Tensor => runNetwork(network, variables, faces)['logits'] as Tensor;
      const logits = logitsOf(x);
      return (
        mirror ? tf.mul(tf.add(logits, logitsOf(tf.reverse(x, 2))), 0.5) : logits
      ).dataSync<'float32'>();
    });
    const classes = values.length / part.length;
    part.forEach((_, row) => logits.push(values.slice(row * classes, (row + 1) * classes)));
  }
  return { indices, labels: indices.map((index) => cache.faces[index]?.label ?? 0), logits };
}

/** Asks a finished model about every face that has a label and passes `filter`. */
export async function answersOf(
  session: Session,
  cache: FaceCache,
  filter: (face: CachedFace) => boolean = () => true,
  batch = 32,
): Promise<FerAnswers> {
  const indices = labelled(cache, filter);
  const probabilities: number[][] = [];
  for (let start = 0; start < indices.length; start += batch) {
    const part = indices.slice(start, start + batch);
    const face = { dims: [part.length, 1, cropSide, cropSide], data: expressionInputs(cache, part) };
    const { data } = floatOutput(await session.run({ face }), 'probabilities');
    const classes = data.length / part.length;
    part.forEach((_, row) => probabilities.push([...data.subarray(row * classes, (row + 1) * classes)]));
  }
  return { labels: indices.map((index) => cache.faces[index]?.label ?? 0), probabilities };
}

/** The answers that predictions come to at a temperature. */
export function answersAt({ labels, logits }: FerPredictions, temperature: number): FerAnswers {
  return { labels, probabilities: logits.map((row) => softmaxAt(row, temperature)) };
}

/** Accuracy and calibration. */
export function reportOn({
  labels,
  probabilities,
}: FerAnswers): ClassificationReport & { readonly calibrationError: number } {
  const classes = probabilities[0]?.length ?? 0;
  const confusion = confusionMatrix(labels, probabilities.map(argmax), classes);
  return { ...classificationReport(confusion), calibrationError: calibrationError(probabilities, labels) };
}

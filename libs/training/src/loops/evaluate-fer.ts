import type { Network } from '@deadpan/nets';
import type { Tensor } from '@tensorflow/tfjs-node';
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

/** Runs an expression network on every face that has a label and passes `filter`: one centre crop each. */
export function predictFaces(
  network: Network,
  variables: Variables,
  cache: FaceCache,
  filter: (face: CachedFace) => boolean = () => true,
  batch = 128,
): FerPredictions {
  const indices = cache.faces.flatMap((face, index) =>
    face.label !== undefined && filter(face) ? [index] : [],
  );
  const logits: Float32Array[] = [];
  for (let start = 0; start < indices.length; start += batch) {
    const part = indices.slice(start, start + batch);
    const pixels = new Float32Array(part.length * cropSide * cropSide);
    part.forEach((index, row) => {
      pixels.set(expressionInput(takeCrop(canvasOf(cache, index), centreCrop)), row * cropSide * cropSide);
    });
    const values = tf.tidy(() => {
      const x = tf.tensor4d(pixels, [part.length, cropSide, cropSide, 1]);
      return (runNetwork(network, variables, x)['logits'] as Tensor).dataSync<'float32'>();
    });
    const classes = values.length / part.length;
    part.forEach((_, row) => logits.push(values.slice(row * classes, (row + 1) * classes)));
  }
  return { indices, labels: indices.map((index) => cache.faces[index]?.label ?? 0), logits };
}

/** Accuracy and calibration of predictions at a temperature. */
export function reportOn(
  { labels, logits }: FerPredictions,
  temperature = 1,
): ClassificationReport & { readonly calibrationError: number } {
  const probabilities = logits.map((row) => softmaxAt(row, temperature));
  const classes = logits[0]?.length ?? 0;
  const confusion = confusionMatrix(labels, probabilities.map(argmax), classes);
  return { ...classificationReport(confusion), calibrationError: calibrationError(probabilities, labels) };
}

import { readFaceApiWeights, recognitionNetwork, recognitionParameters, type Network } from '@deadpan/nets';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { canvasOf, faceOfCanvas, type FaceCache } from '../datasets/face-cache.js';
import { runNetwork } from '../networks/run-network.js';
import { createVariables, disposeVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';

/** Histograms of distances between faces as a recognition network sees them (Fig. 10). */
export interface IdentityDistances {
  /** Upper ends of the bins; distances lie in 0..2. */
  readonly bins: readonly number[];
  /** Share of each bin. */
  readonly faceToReference: readonly number[];
  /** Two faces of one person, and of two people; empty where people are not known. */
  readonly samePerson: readonly number[];
  readonly strangers: readonly number[];
  readonly median: number;
  /** The distance that tells pairs of this set apart best, how often it is right, and the share of references beyond it. */
  readonly threshold:
    { readonly distance: number; readonly right: number; readonly errors: number } | undefined;
}

const SIDE = 64;
const BATCH = 64;
const MOST_FACES = 600;
const MOST_PAIRS = 400;
const BINS = 50;

/**
 * Distances between expressive faces and their references: Euclidean, between unit vectors, the mean of the last stage
 * of dlib's recognition network less the set's mean. That network took part in the generator's training; the paper's
 * threshold, 1.242, belongs to FaceNet, so one is set by pairs of the same set.
 * @param referenceAt 64x64 grey bytes
 */
export function identityDistances(
  set: FaceCache,
  referenceAt: (index: number) => Uint8Array,
  options: {
    /** Which faces are judged; all expressive ones by default. Pairs are of the whole set. */
    readonly only?: (index: number) => boolean;
    readonly onProgress?: (done: number, of: number) => void;
  } = {},
): IdentityDistances {
  const { only = () => true, onProgress = () => undefined } = options;
  const expressive = set.faces.flatMap(({ label }, index) => (label === 0 || !only(index) ? [] : [index]));
  const stride = Math.max(1, Math.ceil(expressive.length / MOST_FACES));
  const chosen = expressive.filter((_, position) => position % stride === 0);
  const pairs = pairsOf(set);
  const inPairs = [...new Set(pairs.flat())];
  const pictures = [
    ...chosen.map((index) => faceOfCanvas(canvasOf(set, index))),
    ...inPairs.map((index) => faceOfCanvas(canvasOf(set, index))),
    ...chosen.map(referenceAt),
  ];
  const embeddings = embed(pictures, chosen.length + inPairs.length, onProgress);
  const own = chosen.map((_, i) => distance(embeddings[i], embeddings[chosen.length + inPairs.length + i]));
  const at = new Map(inPairs.map((index, i) => [index, embeddings[chosen.length + i]]));
  const same = pairs.map(([a, b]) => distance(at.get(a), at.get(b)));
  const strangers = pairs.map(([a], i) =>
    distance(at.get(a), at.get(pairs[(i + 7) % pairs.length]?.[1] ?? a)),
  );
  const bins = Array.from({ length: BINS }, (_, i) => (2 * (i + 1)) / BINS);
  return {
    bins,
    faceToReference: histogram(own),
    samePerson: histogram(same),
    strangers: histogram(strangers),
    median: [...own].sort((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0,
    threshold: pairs.length < 20 ? undefined : calibrated(own, same, strangers),
  };
}

/** Two faces of each person that has two, as many people as are needed. */
function pairsOf(set: FaceCache): [number, number][] {
  const people = new Map<string, number[]>();
  set.faces.forEach(({ subject }, index) => {
    if (subject !== undefined) people.set(subject, [...(people.get(subject) ?? []), index]);
  });
  return [...people.values()]
    .flatMap((faces): [number, number][] => {
      const [first, second] = [faces[0], faces.at(-1)];
      return first === undefined || second === undefined || first === second ? [] : [[first, second]];
    })
    .slice(0, MOST_PAIRS);
}

function embed(
  pictures: readonly Uint8Array[],
  real: number,
  onProgress: (done: number, of: number) => void,
): Float32Array[] {
  const network: Network = recognitionNetwork();
  const parameters = recognitionParameters(readFaceApiWeights('face_recognition'));
  const variables = createVariables(network, createRandom(1), parameters);
  const rows: Float32Array[] = [];
  for (let start = 0; start < pictures.length; start += BATCH) {
    const part = pictures.slice(start, start + BATCH);
    const values = tf.tidy(() => {
      const pixels = Float32Array.from(part.flatMap((picture) => [...picture]));
      const x: Tensor4D = tf.div(tf.tensor4d(pixels, [part.length, SIDE, SIDE, 1]), 255);
      const features = runNetwork(network, variables, x)['features'];
      return features === undefined ? new Float32Array(0) : tf.mean(features, [1, 2]).dataSync<'float32'>();
    });
    const units = values.length / part.length;
    part.forEach((_, row) => rows.push(values.slice(row * units, (row + 1) * units)));
    onProgress(rows.length, pictures.length);
  }
  disposeVariables(variables);
  const units = rows[0]?.length ?? 0;
  const mean = new Float32Array(units);
  for (const row of rows.slice(0, real)) row.forEach((value, i) => (mean[i] = (mean[i] ?? 0) + value / real));
  return rows.map((row) => {
    const centred = row.map((value, i) => value - (mean[i] ?? 0));
    const length = Math.hypot(...centred);
    return centred.map((value) => value / length);
  });
}

function distance(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) throw new Error('a face has no embedding');
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
}

function histogram(values: readonly number[]): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor((value / 2) * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1 / values.length;
  }
  return values.length === 0 ? [] : counts;
}

function calibrated(
  own: readonly number[],
  same: readonly number[],
  strangers: readonly number[],
): NonNullable<IdentityDistances['threshold']> {
  const right = (limit: number): number =>
    same.filter((value) => value < limit).length + strangers.filter((value) => value >= limit).length;
  const limit = [...same, ...strangers].reduce((best, value) => (right(value) > right(best) ? value : best));
  return {
    distance: limit,
    right: right(limit) / (same.length + strangers.length),
    errors: own.filter((value) => value >= limit).length / own.length,
  };
}

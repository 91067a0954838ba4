import { createRandom, permutation, seedAt } from '../random.js';
import type { FaceCache } from './face-cache.js';
import { isHeldOut } from './split-subjects.js';

/** A face with what it is to be taken for and how often an epoch shows it. */
export interface TrainingItem {
  readonly cache: FaceCache;
  readonly index: number;
  /** Probabilities of the classes. */
  readonly target: readonly number[];
  /** Majority class; undefined where the votes tie. */
  readonly label: number | undefined;
  /** Expected number of times an epoch shows it. */
  readonly weight: number;
}

/** How a cache takes part in training. */
export interface ItemOptions {
  /** Expected draws per epoch of a face of each class. */
  readonly classWeights: readonly number[];
  /** Share of the target spread evenly over the classes. */
  readonly smoothing: number;
  /** Factor for faces whose votes have no majority. */
  readonly undecided: number;
  /** About one person in so many is left out; 0 leaves out nobody. */
  readonly holdOutEvery: number;
}

/** The faces of a cache that training shows. */
export function trainingItems(cache: FaceCache, options: ItemOptions): TrainingItem[] {
  return cache.faces.flatMap(({ target, label, subject }, index) => {
    if (!target || isHeldOut(subject, options.holdOutEvery)) return [];
    const weight =
      target.reduce((sum, share, k) => sum + share * (options.classWeights[k] ?? 1), 0) *
      (label === undefined ? options.undecided : 1);
    const smooth = target.map((share) => share * (1 - options.smoothing) + options.smoothing / target.length);
    return [{ cache, index, target: smooth, label, weight }];
  });
}

/**
 * The order in which an epoch shows items: each as often as its weight says, the fraction by chance.
 * Depends on seed and epoch alone, so a run that is taken up again sees what it would have seen.
 */
export function epochOrder(items: readonly TrainingItem[], seed: number, epoch: number): Uint32Array {
  const random = createRandom(seedAt(seed, epoch));
  const list: number[] = [];
  items.forEach(({ weight }, index) => {
    let times = Math.floor(weight);
    if (random.next() < weight - times) times++;
    while (times-- > 0) list.push(index);
  });
  return permutation(random, list.length).map((position) => list[position] ?? 0);
}

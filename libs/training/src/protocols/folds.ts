import { createRandom, permutation } from '../random.js';

/** Which faces train, choose the best weights, and are tested; indices into a set. */
export interface Split {
  readonly name: string;
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/**
 * Subject-disjoint folds: the people in the order of their ids, fold i is every `count`-th of them from i. The test
 * part of split t is fold t, the validation part fold t + 1, all others train.
 * @param subjects person of each face; faces without one are people of their own
 */
export function subjectFolds(subjects: readonly (string | undefined)[], count: number): Split[] {
  const people = subjects.map((subject, index) => subject ?? `face ${index}`);
  const sorted = [...new Set(people)].sort((a, b) => (a < b ? -1 : 1));
  const foldOf = new Map(sorted.map((person, position) => [person, position % count]));
  const members = (wanted: (fold: number) => boolean): number[] =>
    people.flatMap((person, index) => (wanted(foldOf.get(person) ?? 0) ? [index] : []));
  return Array.from({ length: count }, (_, test) => {
    const validation = (test + 1) % count;
    return {
      name: `fold ${test + 1}`,
      test: members((fold) => fold === test),
      validation: members((fold) => fold === validation),
      train: members((fold) => fold !== test && fold !== validation),
    };
  });
}

/** One split whose test part is given: a tenth of the others, drawn once and always the same, is for validation. */
export function fixedSplit(count: number, isTest: (index: number) => boolean): Split {
  const all = Array.from({ length: count }, (_, index) => index);
  const others = all.filter((index) => !isTest(index));
  const drawn = new Set(
    [...permutation(createRandom(1), others.length)].slice(0, Math.ceil(others.length / 10)),
  );
  return {
    name: 'fixed',
    test: all.filter(isTest),
    validation: others.filter((_, position) => drawn.has(position)),
    train: others.filter((_, position) => !drawn.has(position)),
  };
}

import { createRandom, permutation } from '../random.js';

/** Which faces train, choose the best weights, and are tested; indices into a set. */
export interface Split {
  readonly name: string;
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/** How people, in the order of their ids, are dealt into folds: every so many-th of them, or one after the other. */
export const dealNames = ['interleaved', 'blocks'] as const;

/** One of {@link dealNames}. */
export type Deal = (typeof dealNames)[number];

/**
 * Subject-disjoint folds of the people in the order of their ids: `interleaved`, fold i is every `count`-th of them
 * from i; in `blocks`, consecutive ones, whose sizes differ by one at most. The test part of split t is fold t, the
 * validation part fold t + 1, all others train.
 * @param subjects person of each face; faces without one are people of their own
 */
export function subjectFolds(
  subjects: readonly (string | undefined)[],
  count: number,
  deal: Deal = 'interleaved',
): Split[] {
  const people = personOfEach(subjects);
  const sorted = [...new Set(people)].sort((a, b) => (a < b ? -1 : 1));
  const foldAt = (position: number): number =>
    deal === 'interleaved' ? position % count : Math.floor((position * count) / sorted.length);
  const foldOf = new Map(sorted.map((person, position) => [person, foldAt(position)]));
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

/**
 * One split whose test part is given. People who are tested are left out of the rest, of whom a tenth of the people,
 * drawn once and always the same, is for validation.
 * @param subjects person of each face; faces without one are people of their own
 */
export function fixedSplit(
  subjects: readonly (string | undefined)[],
  isTest: (index: number) => boolean,
): Split {
  const people = personOfEach(subjects);
  const all = people.map((_, index) => index);
  const test = all.filter(isTest);
  const tested = new Set(test.map((index) => people[index]));
  const others = all.filter((index) => !tested.has(people[index]));
  const candidates = [...new Set(others.map((index) => people[index]))];
  const order = [...permutation(createRandom(1), candidates.length)];
  const drawn = new Set(order.slice(0, Math.ceil(order.length / 10)).map((place) => candidates[place]));
  return {
    name: 'fixed',
    test,
    validation: others.filter((index) => drawn.has(people[index])),
    train: others.filter((index) => !drawn.has(people[index])),
  };
}

function personOfEach(subjects: readonly (string | undefined)[]): string[] {
  return subjects.map((subject, index) => subject ?? `face ${index}`);
}

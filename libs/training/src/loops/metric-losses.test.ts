import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tf } from '../backend.js';
import type { AdaptiveMetric } from '../losses/radial-metric.js';
import { createRandom, normal } from '../random.js';
import { metricLosses, type MetricBatch, type MetricLossName } from './metric-losses.js';

/* Which pairs, triplets and tuplets of a batch each loss takes, written out for a small one. */

type Row = readonly number[];

function embeddings(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => [normal(random), normal(random)]);
}

const NEUTRAL = 0;
/** Two faces each of neutral, happiness and anger: ann is in all three, bob in the first two, cy in the last. */
const labels = [0, 0, 1, 1, 2, 2];
const subjects = ['ann', 'bob', 'ann', 'bob', 'ann', 'cy'];
const queries = embeddings(1, 6);
const references = embeddings(2, 6);
const options = { margin: 1.5, threshold: 1, signs: 'consistent' } as const;
/** L_A = L_B = 1, c = 0: H = b - D with D half of the squared distance. */
const b = 0.6;
const identity = tf.eye(2);
const metric: AdaptiveMetric = { la: identity, lb: identity, c: tf.zeros([2, 1]), b: tf.scalar(b) };

function lossOf(name: MetricLossName, change: Partial<MetricBatch> = {}): number {
  const batch: MetricBatch = {
    queries: tf.tensor2d(queries),
    references: metricLosses[name].usesReferences ? tf.tensor2d(references) : undefined,
    labels,
    subjects,
    neutral: NEUTRAL,
    ...change,
  };
  const adaptive = metricLosses[name].adaptive ? metric : undefined;
  return metricLosses[name].loss(batch, options, adaptive).dataSync<'float32'>()[0] ?? NaN;
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-5 * Math.max(1, expected), `${actual} is not ${expected}`);
}

const q = (index: number): Row => queries[index] ?? [];
const r = (index: number): Row => references[index] ?? [];
const dot = (a: Row, b: Row): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
const squared = (a: Row, b: Row): number =>
  a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0);
const sum = (values: Row): number => values.reduce((total, value) => total + value, 0);
const mean = (values: Row): number => sum(values) / values.length;
const centre = (...rows: readonly Row[]): Row => [0, 1].map((d) => mean(rows.map((row) => row[d] ?? NaN)));
const hinge = (value: number): number => Math.max(0, value);
const H = (f: Row, c: Row): number => b - squared(f, c) / 2;

test('(N+1)-tuplet: the first two of each class, against the second of every other class', () => {
  const tuplet = (anchor: number, positive: number, negatives: Row): number =>
    Math.log(1 + sum(negatives.map((n) => Math.exp(dot(q(anchor), q(n)) - dot(q(anchor), q(positive))))));
  near(lossOf('tuplet'), mean([tuplet(0, 1, [3, 5]), tuplet(2, 3, [1, 5]), tuplet(4, 5, [1, 3])]));
});

test('coupled clusters: both of a class against whichever of all others is nearest their centre', () => {
  const cluster = (positives: Row, negatives: Row): number => {
    const c = centre(...positives.map(q));
    const nearest = Math.min(...negatives.map((n) => squared(q(n), c)));
    return sum(positives.map((p) => 0.5 * hinge(squared(q(p), c) + options.margin - nearest)));
  };
  // For each query, as the other losses are.
  near(
    lossOf('coupled-clusters'),
    (cluster([0, 1], [2, 3, 4, 5]) + cluster([2, 3], [0, 1, 4, 5]) + cluster([4, 5], [0, 1, 2, 3])) / 6,
  );
});

function nmTuplet(positives: Row, negatives: readonly Row[]): number {
  const c = centre(...positives.map(q));
  return mean(positives.map((p) => hinge(1 - H(q(p), c)))) + mean(negatives.map((n) => hinge(1 + H(n, c))));
}

test('(N+M)-tuplet: the negatives of a class are its people with other expressions, nobody else', () => {
  near(
    lossOf('nm-tuplet'),
    mean([
      // ann and bob; not cy.
      nmTuplet([0, 1], [q(2), q(3), q(4)]),
      nmTuplet([2, 3], [q(0), q(1), q(4)]),
      // ann and cy; not bob.
      nmTuplet([4, 5], [q(0), q(2)]),
    ]),
  );
});

test('(N+M)-tuplet: where nothing is known of the people, or they have no other expression, all others are negatives', () => {
  const all = mean([
    nmTuplet([0, 1], [2, 3, 4, 5].map(q)),
    nmTuplet([2, 3], [0, 1, 4, 5].map(q)),
    nmTuplet([4, 5], [0, 1, 2, 3].map(q)),
  ]);
  near(lossOf('nm-tuplet', { subjects: labels.map(() => undefined) }), all);
  near(lossOf('nm-tuplet', { subjects: ['a', 'b', 'c', 'd', 'e', 'f'] }), all);
});

test('(N+M)-tuplet with references: those of the class are further negatives, of neutral faces none', () => {
  near(
    lossOf('nm-tuplet-augmented'),
    mean([
      nmTuplet([0, 1], [q(2), q(3), q(4)]),
      nmTuplet([2, 3], [q(0), q(1), q(4), r(2), r(3)]),
      nmTuplet([4, 5], [q(0), q(2), r(4), r(5)]),
    ]),
  );
});

test('(N+M)-tuplet with references: without a neutral class every class has its references', () => {
  near(
    lossOf('nm-tuplet-augmented', { neutral: undefined }),
    mean([
      nmTuplet([0, 1], [q(2), q(3), q(4), r(0), r(1)]),
      nmTuplet([2, 3], [q(0), q(1), q(4), r(2), r(3)]),
      nmTuplet([4, 5], [q(0), q(2), r(4), r(5)]),
    ]),
  );
});

test('radial: each query to the centre of its class, its reference from it, not that of a neutral face', () => {
  const centres = labels.map((label) => centre(...queries.filter((_, i) => labels[i] === label)));
  const to = (i: number): Row => centres[i] ?? [];
  const queriesOnly = labels.map((_, i) => hinge(1 - H(q(i), to(i))));
  const far = labels.map((label, i) => (label === NEUTRAL ? 0 : hinge(1 + H(r(i), to(i)))));
  near(lossOf('radial'), mean(queriesOnly) + mean(far));
  near(lossOf('radial-alone'), mean(queriesOnly));
  const { threshold: T, margin: tau } = options;
  const fixed = labels.map((_, i) => hinge(squared(q(i), to(i)) - T + tau / 2));
  const fixedFar = labels.map((label, i) =>
    label === NEUTRAL ? 0 : hinge(T + tau / 2 - squared(r(i), to(i))),
  );
  near(lossOf('radial-fixed'), mean(fixed) + mean(fixedFar));
  near(lossOf('radial-fixed-alone'), mean(fixed));
});

test('triplet and contrastive: every triplet and every pair of the batch', () => {
  const indices = labels.map((_, i) => i);
  const triplets = indices.flatMap((a) =>
    indices.flatMap((p) =>
      indices.flatMap((n) =>
        a !== p && labels[a] === labels[p] && labels[a] !== labels[n]
          ? [hinge(squared(q(a), q(p)) - squared(q(a), q(n)) + options.margin)]
          : [],
      ),
    ),
  );
  assert.equal(triplets.length, 6 * 4);
  near(lossOf('triplet'), mean(triplets));
  const pairs = indices.flatMap((i) =>
    indices.slice(i + 1).map((k) => {
      const distance = Math.sqrt(squared(q(i), q(k)));
      return labels[i] === labels[k] ? distance ** 2 / 2 : hinge(options.margin - distance) ** 2 / 2;
    }),
  );
  assert.equal(pairs.length, 15);
  near(lossOf('contrastive'), mean(pairs));
});

test('comparisons a batch are those of the paper: 12 queries, tuplets of 5 positives and 5 negatives', () => {
  const [K, N, M] = [12, 5, 5];
  const counted = Object.fromEntries(
    Object.entries(metricLosses).map(([name, { comparisons }]) => [name, comparisons(K, N, M)]),
  );
  assert.deepEqual(counted, {
    centre: 12,
    contrastive: 144,
    triplet: 1728,
    tuplet: 1728,
    'coupled-clusters': 144,
    // 2 (N + M) K; each tuple has one negative more with references.
    'nm-tuplet': 240,
    'nm-tuplet-augmented': 264,
    'radial-fixed-alone': 12,
    'radial-alone': 12,
    'radial-fixed': 24,
    radial: 24,
  });
});

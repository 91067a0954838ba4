import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inceptionFerNetwork, inceptionSmall } from '@deadpan/nets';
import { tf } from '../backend.js';
import { adaptiveMargin } from '../losses/radial-metric.js';
import { createVariables } from '../networks/variables.js';
import { createRandom, normal } from '../random.js';
import { asMetric, createMetricParameters } from './metric-parameters.js';
import { startMetric } from './start-metric.js';

type Matrix = number[][];
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);

const meanOf = (rows: Matrix): number[] =>
  (rows[0] ?? []).map((_, d) => rows.reduce((sum, row) => sum + (row[d] ?? NaN), 0) / rows.length);
const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0);

/** L f of a map [D, R] that is applied from the right. */
function mapped(f: readonly number[], map: Matrix): number[] {
  return (map[0] ?? []).map((_, r) =>
    dot(
      f,
      map.map((row) => row[r] ?? NaN),
    ),
  );
}

test('L_A and L_B begin as the same map, whose rows are orthonormal', () => {
  const { la, lb, c } = asMetric(createMetricParameters(10, 4, createRandom(1)));
  const matrix = la.arraySync();
  assert.deepEqual(lb.arraySync(), matrix);
  assert.deepEqual(new Set(c.dataSync<'float32'>()), new Set([0]));
  // Kept as [D, R], applied from the right: row r of L is column r here.
  const rows = Array.from({ length: 4 }, (_, r) => matrix.map((values) => values[r] ?? NaN));
  rows.forEach((row, i) => {
    rows.forEach((other, k) => {
      const expected = i === k ? 1 : 0;
      assert.ok(Math.abs(dot(row, other) - expected) < 1e-5, `rows ${i} and ${k}: ${dot(row, other)}`);
    });
  });
});

/** Embeddings of a first batch, far from unit spread, and how they lie around the means of their classes. */
function firstBatch(count: number): { embeddings: Matrix; labels: number[]; spread: number } {
  const random = createRandom(2);
  const embeddings = Array.from({ length: count }, () =>
    Array.from({ length: 64 }, () => 5 + 3 * normal(random)),
  );
  const labels = embeddings.map((_, i) => i % 3);
  const all = meanOf(embeddings);
  const squares = embeddings.map((f) => squaredDistance(f, all));
  return { embeddings, labels, spread: Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / count) };
}

test('b begins as the median of half the squared distance to the centre of the class, so that half are within', () => {
  const network = inceptionFerNetwork(inceptionSmall);
  const variables = createVariables(network, createRandom(3));
  const { embeddings, labels, spread } = firstBatch(9);
  const parameters = createMetricParameters(64, 8, createRandom(4));
  const before = variables.get('fc5/weights')?.arraySync() as Matrix;
  startMetric(network, variables, parameters, tf.tensor2d(embeddings), labels);

  const metric = asMetric(parameters);
  const map = metric.la.arraySync();
  const scaled = embeddings.map((f) => f.map((value) => value / spread));
  const centres = scaled.map((_, i) => meanOf(scaled.filter((_, k) => labels[k] === labels[i])));
  const halves = scaled.map((f, i) => 0.5 * squaredDistance(mapped(f, map), mapped(centres[i] ?? [], map)));
  const median = [...halves].sort((a, b) => a - b)[4] ?? NaN;
  const b = metric.b.dataSync<'float32'>()[0] ?? NaN;
  assert.ok(Math.abs(b - median) < 1e-4 * median, `${b} is not ${median}`);

  // H = b - D: the query in the middle is at the learnt distance exactly, four are nearer and four farther.
  const margins = [
    ...adaptiveMargin(metric, tf.tensor2d(scaled), tf.tensor2d(centres)).dataSync<'float32'>(),
  ];
  assert.equal(margins.filter((margin) => margin > 1e-4).length, 4);
  assert.equal(margins.filter((margin) => margin < -1e-4).length, 4);

  // The layer of the embedding gives embeddings of spread 1 from now on.
  const after = variables.get('fc5/weights')?.arraySync() as Matrix;
  after.forEach((row, i) => {
    row.forEach((value, k) => {
      assert.ok(Math.abs(value - (before[i]?.[k] ?? NaN) / spread) < 1e-6);
    });
  });
});

test('a loss without a metric of its own has only its embeddings scaled', () => {
  const network = inceptionFerNetwork(inceptionSmall);
  const variables = createVariables(network, createRandom(3));
  const { embeddings, labels, spread } = firstBatch(9);
  const weights = variables.get('fc5/weights')?.dataSync<'float32'>().slice() ?? new Float32Array();
  startMetric(network, variables, new Map(), tf.tensor2d(embeddings), labels);
  variables
    .get('fc5/weights')
    ?.dataSync<'float32'>()
    .forEach((value, i) => {
      assert.ok(Math.abs(value - (weights[i] ?? NaN) / spread) < 1e-6);
    });
});

import type { Scalar, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { centreLoss } from '../losses/centre.js';
import { classCentres } from '../losses/class-centres.js';
import { contrastiveLoss } from '../losses/contrastive.js';
import { coupledClustersLoss } from '../losses/coupled-clusters.js';
import { nmTupletLoss } from '../losses/nm-tuplet.js';
import {
  adaptiveRadialMetricLoss,
  fixedRadialMetricLoss,
  type AdaptiveMetric,
  type RadialBatch,
  type Signs,
} from '../losses/radial-metric.js';
import { tripletLoss } from '../losses/triplet.js';
import { tupletLoss } from '../losses/tuplet.js';

/** Every metric loss that can stand beside the softmax, by the name that recipes and experiments give it. */
export const metricLossNames = [
  'centre',
  'contrastive',
  'triplet',
  'tuplet',
  'coupled-clusters',
  'nm-tuplet',
  'nm-tuplet-augmented',
  'radial-fixed-alone',
  'radial-alone',
  'radial-fixed',
  'radial',
] as const;

/** One of {@link metricLossNames}. */
export type MetricLossName = (typeof metricLossNames)[number];

/** The embeddings of a batch. */
export interface MetricBatch {
  /** [K, D] */
  readonly queries: Tensor2D;
  /** Of the references generated from the queries, [K, D]; undefined for losses that use none. */
  readonly references: Tensor2D | undefined;
  /** Class of each query. */
  readonly labels: readonly number[];
  /** Person of each query, where known. */
  readonly subjects: readonly (string | undefined)[];
  /** The class whose references are of its own class, so that they push nothing away. */
  readonly neutral: number | undefined;
}

/** Constants of the losses. */
export interface MetricOptions {
  /** tau of RML and triplet, m of the contrastive loss, alpha of coupled clusters. */
  readonly margin: number;
  /** T of RML with a fixed reference distance. */
  readonly threshold: number;
  readonly signs: Signs;
}

/** What a metric loss is and needs. */
export interface MetricLoss {
  readonly title: string;
  readonly usesReferences: boolean;
  /** Whether it learns its metric: L_A, L_B, c and b. */
  readonly adaptive: boolean;
  /** Distance comparisons a batch, as the paper counts them: K queries, N positives and M negatives a tuple. */
  readonly comparisons: (K: number, N: number, M: number) => number;
  readonly loss: (batch: MetricBatch, options: MetricOptions, metric: AdaptiveMetric | undefined) => Scalar;
}

const plain = { usesReferences: false, adaptive: false };

/** The losses by name. */
export const metricLosses: Readonly<Record<MetricLossName, MetricLoss>> = {
  centre: {
    ...plain,
    title: 'Centre loss',
    comparisons: (K) => K,
    loss: ({ queries, labels }) => centreLoss(queries, labels),
  },
  contrastive: {
    ...plain,
    title: 'Contrastive',
    comparisons: (K) => K ** 2,
    loss: ({ queries, labels }, { margin }) => contrastiveLoss(queries, labels, margin),
  },
  triplet: {
    ...plain,
    title: 'Triplet',
    comparisons: (K) => K ** 3,
    loss: ({ queries, labels }, { margin }) => tripletLoss(queries, labels, margin),
  },
  tuplet: {
    ...plain,
    title: '(N+1)-tuplet',
    comparisons: (K) => K ** 3,
    loss: ({ queries, labels }) => {
      const pairs = classMembers(labels).flatMap(([anchor, positive]) =>
        anchor === undefined || positive === undefined ? [] : [{ anchor, positive }],
      );
      const row = (index: number) => tf.squeeze<ReturnType<typeof tf.tensor1d>>(rows(queries, [index]), [0]);
      return meanOf(
        pairs.map(({ anchor, positive }) =>
          tupletLoss(
            row(anchor),
            row(positive),
            rows(
              queries,
              pairs.flatMap((other) => (other.positive === positive ? [] : [other.positive])),
            ),
          ),
        ),
      );
    },
  },
  'coupled-clusters': {
    ...plain,
    title: 'Coupled clusters',
    comparisons: (K) => K ** 2,
    loss: ({ queries, labels }, { margin }) =>
      tf.div(
        meanOf(
          classMembers(labels).map((members) =>
            coupledClustersLoss(
              rows(queries, members),
              rows(queries, others(members, labels.length)),
              margin,
            ),
          ),
        ),
        labels.length / classMembers(labels).length,
      ),
  },
  'nm-tuplet': {
    title: '(N+M)-tuplet',
    usesReferences: false,
    adaptive: true,
    comparisons: (K, N, M) => 2 * (N + M) * K,
    loss: (batch, options, metric) => nmTuplets(batch, options, metric, false),
  },
  'nm-tuplet-augmented': {
    title: '(N+M)-tuplet with references',
    usesReferences: true,
    adaptive: true,
    comparisons: (K, N, M) => 2 * (N + M + 1) * K,
    loss: (batch, options, metric) => nmTuplets(batch, options, metric, true),
  },
  'radial-fixed-alone': {
    ...plain,
    title: 'RML, fixed T, no references',
    comparisons: (K) => K,
    loss: (batch, { threshold, margin }) => fixedRadialMetricLoss(radial(batch), threshold, margin),
  },
  'radial-alone': {
    title: 'RML, learnt T, no references',
    usesReferences: false,
    adaptive: true,
    comparisons: (K) => K,
    loss: (batch, { signs }, metric) => adaptiveRadialMetricLoss(learnt(metric), radial(batch), signs),
  },
  'radial-fixed': {
    title: 'RML, fixed T, references',
    usesReferences: true,
    adaptive: false,
    comparisons: (K) => 2 * K,
    loss: (batch, { threshold, margin }) => fixedRadialMetricLoss(radial(batch), threshold, margin),
  },
  radial: {
    title: 'RML, learnt T, references',
    usesReferences: true,
    adaptive: true,
    comparisons: (K) => 2 * K,
    loss: (batch, { signs }, metric) => adaptiveRadialMetricLoss(learnt(metric), radial(batch), signs),
  },
};

/** RML's batch; without references their hinge counts nowhere. */
function radial({ queries, references, labels, neutral }: MetricBatch): RadialBatch {
  return {
    queries,
    references: references ?? queries,
    centres: classCentres(queries, labels),
    referenceMask: tf.tensor1d(
      labels.map((label) => (references === undefined || label === neutral ? 0 : 1)),
    ),
  };
}

// One tuple a class. Negatives are other expressions of the same people, where the batch has such, else all others.
function nmTuplets(
  { queries, references, labels, subjects, neutral }: MetricBatch,
  { signs }: MetricOptions,
  metric: AdaptiveMetric | undefined,
  augmented: boolean,
): Scalar {
  return meanOf(
    classMembers(labels).map((members) => {
      const people = new Set(
        members.map((index) => subjects[index]).filter((person) => person !== undefined),
      );
      const all = others(members, labels.length);
      const same = all.filter((index) => people.has(subjects[index] ?? ''));
      const negatives = rows(queries, same.length > 0 ? same : all);
      const generated =
        augmented && references !== undefined && labels[members[0] ?? 0] !== neutral
          ? [rows(references, members)]
          : [];
      return nmTupletLoss(
        learnt(metric),
        rows(queries, members),
        tf.concat([negatives, ...generated]),
        signs,
      );
    }),
  );
}

function learnt(metric: AdaptiveMetric | undefined): AdaptiveMetric {
  if (metric === undefined) throw new Error('an adaptive loss needs the parameters of its metric');
  return metric;
}

/** The rows of each class that the batch holds, classes in the order of their first row. */
function classMembers(labels: readonly number[]): number[][] {
  const members = new Map<number, number[]>();
  labels.forEach((label, index) => members.set(label, [...(members.get(label) ?? []), index]));
  return [...members.values()];
}

function others(members: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter((index) => !members.includes(index));
}

function rows(embeddings: Tensor2D, indices: readonly number[]): Tensor2D {
  return tf.gather(embeddings, tf.tensor1d([...indices], 'int32'));
}

function meanOf(terms: readonly Scalar[]): Scalar {
  return tf.div(tf.addN([...terms]), Math.max(1, terms.length));
}

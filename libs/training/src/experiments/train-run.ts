import { cpuUsage } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import type { Scalar, Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';
import { createAdam } from '../loops/adam.js';
import { namedGradients } from '../loops/gradients.js';
import { asMetric, createMetricParameters } from '../loops/metric-parameters.js';
import { learningRateAt } from '../loops/schedule.js';
import { startMetric } from '../loops/start-metric.js';
import { argmax } from '../metrics/classification.js';
import { softmaxAt } from '../metrics/calibration.js';
import { isMetricOnly, layerOf } from '../networks/fer-networks.js';
import { runSomeLayers } from '../networks/run-network.js';
import {
  assignParameters,
  createVariables,
  disposeVariables,
  readParameters,
} from '../networks/variables.js';
import type { Split } from '../protocols/folds.js';
import { createRandom, seedAt } from '../random.js';
import type { FrozenFeatures } from './frozen-features.js';
import { metricLossOf, type MethodName } from './method.js';
import type { Trunk } from './trunk.js';

/** What tells one run of an experiment from another. */
export interface RunSpec {
  readonly method: MethodName;
  /** Number of the split. */
  readonly fold: number;
  readonly seed: number;
  /** Weight of the metric loss beside the softmax. */
  readonly gamma: number;
  /** Slope of the LeakyReLU on the negative side. */
  readonly alpha: number;
}

/** What all runs of an experiment have in common. */
export interface Training {
  readonly steps: number;
  /** Faces of each class in a batch: K = classes x perClass. */
  readonly perClass: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** tau, m, alpha of the metric losses, and T; in units of the embeddings' spread at the start, which is 1. */
  readonly margin: number;
  readonly threshold: number;
  /** Steps between two looks at the validation faces. */
  readonly evaluateEvery: number;
}

/** Faces as an experiment trains on them. */
export interface ExperimentFaces {
  /** Position of each face's class among the experiment's classes. */
  readonly labels: readonly number[];
  readonly subjects: readonly (string | undefined)[];
  /** Sequence that a face is a frame of; undefined where faces stand alone. */
  readonly sequences: readonly (string | undefined)[];
  readonly classes: number;
  /** Position of neutral among the classes, where it is one. */
  readonly neutral: number | undefined;
  readonly faces: FrozenFeatures;
  readonly references: FrozenFeatures;
}

/** A look at the validation faces. */
export interface CurvePoint {
  readonly step: number;
  /** Time spent on training steps so far, evaluation left out. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly accuracy: number;
}

/** What a run came to. */
export interface RunResult extends RunSpec {
  readonly curve: readonly CurvePoint[];
  /** Distance comparisons a batch, counted for this run's K. */
  readonly comparisons: number;
  /** Best accuracy on the validation faces, and the step whose weights are tested. */
  readonly validation: number;
  readonly bestStep: number;
  /** Faces of the test part: rows are the truth, columns what was said. */
  readonly confusion: readonly (readonly number[])[];
  /** The same by sequence (class with the greatest mean probability), where the faces are frames of sequences. */
  readonly sequenceConfusion: readonly (readonly number[])[] | undefined;
}

const EVALUATION_BATCH = 256;

/**
 * Trains one method on one split (Algorithm 2) and tests the weights that did best on the validation faces. Batches,
 * mirror images, starting weights and dropout depend on the seed, the split and the step, not on the method.
 * What `onStep` throws ends the run: it is short, and done again from its beginning.
 */
export async function trainRun(
  spec: RunSpec,
  trunk: Trunk,
  training: Training,
  faces: ExperimentFaces,
  split: Split,
  onStep: (step: number) => void = () => undefined,
): Promise<RunResult> {
  const kind = metricLossOf(spec.method);
  const variables = createVariables(trunk.network, createRandom(seedAt(spec.seed, 1)), trunk.parameters);
  const draw = (step: number): Batch => drawBatch(spec, training, faces, split, step);
  const units = embeddingUnits(trunk);
  const metric =
    kind?.adaptive === true
      ? createMetricParameters(units, units / 2, createRandom(seedAt(spec.seed, 2)))
      : new Map<string, Variable>();
  const forward = (batch: Batch, withReferences: boolean, seed: number | undefined): Outputs =>
    runTrained(trunk, variables, gatherFeatures(faces, batch, withReferences), seed);
  if (kind !== undefined) {
    const first = draw(0);
    tf.tidy(() => {
      const { embedding } = forward(first, false, undefined);
      startMetric(trunk.network, variables, metric, embedding, first.labels);
    });
  }

  const trained = new Map<string, Variable>([
    ...[...variables].filter(([name]) => {
      return !trunk.frozen.has(layerOf(name)) && (kind !== undefined || !isMetricOnly(name));
    }),
    ...[...metric].map(([name, variable]) => [`metric/${name}`, variable] as const),
  ]);
  const adam = createAdam(trained, { weightDecay: training.weightDecay });
  const schedule = {
    peak: training.learningRate,
    warmUp: Math.min(50, Math.ceil(training.steps / 10)),
    steps: training.steps,
    floor: 0.02,
  };

  const curve: CurvePoint[] = [];
  try {
    let best = { accuracy: -1, step: 0, weights: readParameters(trained) };
    let seconds = 0;
    let cpuSeconds = 0;
    for (let step = 0; step < training.steps;) {
      const began = performance.now();
      const before = cpuUsage();
      const batch = draw(step);
      const { value, gradients } = namedGradients(trained, () => {
        const { logits, embedding } = forward(
          batch,
          kind?.usesReferences === true,
          seedAt(spec.seed, 3, spec.fold, step),
        );
        const K = batch.indices.length;
        const softmax = softmaxCrossEntropy(
          tf.slice(logits, [0, 0], [K, -1]),
          tf.oneHot(tf.tensor1d(batch.labels, 'int32'), faces.classes) as Tensor2D,
        );
        if (kind === undefined) return softmax;
        const term = kind.loss(
          {
            queries: tf.slice(embedding, [0, 0], [K, -1]),
            references: kind.usesReferences ? tf.slice(embedding, [K, 0], [K, -1]) : undefined,
            labels: batch.labels,
            subjects: batch.indices.map((index) => faces.subjects[index]),
            neutral: faces.neutral,
          },
          { margin: training.margin, threshold: training.threshold, signs: 'consistent' },
          kind.adaptive ? asMetric(metric) : undefined,
        );
        return tf.add(softmax, tf.mul<Scalar>(term, spec.gamma));
      });
      adam.step(gradients, learningRateAt(schedule, step));
      tf.dispose([value, gradients]);
      step++;
      const used = cpuUsage(before);
      seconds += (performance.now() - began) / 1000;
      cpuSeconds += (used.user + used.system) / 1e6;
      if (step % training.evaluateEvery === 0 || step === training.steps) {
        const said = predict(trunk, variables, faces, split.validation);
        const accuracy = share(said, split.validation, faces.labels);
        curve.push({ step, seconds, cpuSeconds, accuracy });
        if (accuracy > best.accuracy) best = { accuracy, step, weights: readParameters(trained) };
      }
      onStep(step);
      // The event loop breathes here, so that a signal can be seen.
      if (step % 10 === 0) await setImmediate();
    }

    assignParameters(trained, best.weights);
    const probabilities = predict(trunk, variables, faces, split.test);
    const K = faces.classes * training.perClass;
    return {
      ...spec,
      curve,
      comparisons: kind?.comparisons(K, training.perClass, K - training.perClass) ?? 0,
      validation: best.accuracy,
      bestStep: best.step,
      confusion: countFaces(probabilities, split.test, faces),
      sequenceConfusion: countSequences(probabilities, split.test, faces),
    };
  } finally {
    adam.dispose();
    disposeVariables(variables);
    disposeVariables(metric);
  }
}

interface Batch {
  readonly indices: readonly number[];
  readonly labels: number[];
  readonly mirrored: readonly boolean[];
}

interface Outputs {
  readonly logits: Tensor2D;
  readonly embedding: Tensor2D;
}

function drawBatch(
  spec: RunSpec,
  { perClass }: Training,
  { labels, classes }: ExperimentFaces,
  split: Split,
  step: number,
): Batch {
  const random = createRandom(seedAt(spec.seed, 4, spec.fold, step));
  const pick = (members: readonly number[]): number =>
    members[Math.floor(random.next() * members.length)] ?? 0;
  const indices = membersByClass(split, labels, classes).flatMap((members) =>
    members.length === 0 ? [] : Array.from({ length: perClass }, () => pick(members)),
  );
  return {
    indices,
    labels: indices.map((index) => labels[index] ?? 0),
    mirrored: indices.map(() => random.next() < 0.5),
  };
}

const memberCache = new WeakMap<Split, number[][]>();

/** Training faces of each class. */
function membersByClass(split: Split, labels: readonly number[], classes: number): number[][] {
  let members = memberCache.get(split);
  if (members === undefined) {
    members = Array.from({ length: classes }, (_, k) => split.train.filter((index) => labels[index] === k));
    memberCache.set(split, members);
  }
  return members;
}

/** Queries, then their references with the same mirroring. */
function gatherFeatures(
  { faces, references }: ExperimentFaces,
  { indices, mirrored }: Batch,
  withReferences: boolean,
): Float32Array {
  const tables = withReferences ? [faces, references] : [faces];
  const values = new Float32Array(tables.length * indices.length * faces.size);
  tables.forEach((table, part) => {
    indices.forEach((index, row) => {
      const source = mirrored[row] === true ? table.mirrored : table.plain;
      values.set(
        source.subarray(index * table.size, (index + 1) * table.size),
        (part * indices.length + row) * table.size,
      );
    });
  });
  return values;
}

/** Runs the trained part; with a seed as in training. */
function runTrained(
  trunk: Trunk,
  variables: ReadonlyMap<string, Variable>,
  features: Float32Array,
  seed: number | undefined,
): Outputs {
  const size = trunk.shape.reduce((product, extent) => product * extent, 1);
  const x: Tensor4D = tf.tensor4d(features, [features.length / size, ...trunk.shape]);
  const values = new Map<string, Tensor>([[trunk.from, x]]);
  runSomeLayers(
    trunk.network,
    variables,
    values,
    (name) => !trunk.frozen.has(name),
    seed === undefined ? {} : { training: true, seed },
  );
  const output = (name: string): Tensor2D => values.get(trunk.network.outputs[name] ?? '') as Tensor2D;
  return { logits: output('logits'), embedding: output('embedding') };
}

/** Probabilities of the classes for each face, plain centre crop. */
function predict(
  trunk: Trunk,
  variables: ReadonlyMap<string, Variable>,
  { faces, classes }: ExperimentFaces,
  indices: readonly number[],
): number[][] {
  const out: number[][] = [];
  for (let start = 0; start < indices.length; start += EVALUATION_BATCH) {
    const part = indices.slice(start, start + EVALUATION_BATCH);
    const features = new Float32Array(part.length * faces.size);
    part.forEach((index, row) => {
      features.set(faces.plain.subarray(index * faces.size, (index + 1) * faces.size), row * faces.size);
    });
    const logits = tf.tidy(() =>
      runTrained(trunk, variables, features, undefined).logits.dataSync<'float32'>(),
    );
    part.forEach((_, row) => out.push(softmaxAt(logits.slice(row * classes, (row + 1) * classes), 1)));
  }
  return out;
}

function share(
  probabilities: readonly (readonly number[])[],
  indices: readonly number[],
  labels: readonly number[],
): number {
  const right = probabilities.filter((row, i) => argmax(row) === labels[indices[i] ?? 0]).length;
  return indices.length === 0 ? 0 : right / indices.length;
}

function countFaces(
  probabilities: readonly (readonly number[])[],
  indices: readonly number[],
  { labels, classes }: ExperimentFaces,
): number[][] {
  const confusion = emptyConfusion(classes);
  indices.forEach((index, i) => {
    count(confusion, labels[index] ?? 0, argmax(probabilities[i] ?? []));
  });
  return confusion;
}

function countSequences(
  probabilities: readonly (readonly number[])[],
  indices: readonly number[],
  { labels, sequences, classes }: ExperimentFaces,
): number[][] | undefined {
  const sums = new Map<string, { label: number; sum: Float64Array }>();
  indices.forEach((index, i) => {
    const sequence = sequences[index];
    if (sequence === undefined) return;
    const known = sums.get(sequence) ?? { label: labels[index] ?? 0, sum: new Float64Array(classes) };
    (probabilities[i] ?? []).forEach((value, k) => {
      known.sum[k] = (known.sum[k] ?? 0) + value;
    });
    sums.set(sequence, known);
  });
  if (sums.size === 0) return undefined;
  const confusion = emptyConfusion(classes);
  for (const { label, sum } of sums.values()) count(confusion, label, argmax(sum));
  return confusion;
}

function emptyConfusion(classes: number): number[][] {
  return Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
}

function count(confusion: number[][], truth: number, said: number): void {
  const row = confusion[truth];
  if (row) row[said] = (row[said] ?? 0) + 1;
}

function embeddingUnits(trunk: Trunk): number {
  const last = trunk.network.layers.find(({ name }) => name === trunk.network.outputs['embedding']);
  if (!last) throw new Error(`${trunk.network.name} has no embedding`);
  return last.shape[2];
}

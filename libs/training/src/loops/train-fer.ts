import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readFaceApiWeights, residualTrunkParameters, type Network, type Parameters } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import type { Scalar, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { joinTensors, readCheckpoint, tensorsUnder, writeCheckpoint } from '../checkpoint.js';
import {
  cropSide,
  drawCrop,
  enlarge,
  eraseRectangle,
  takeCrop,
  varyLight,
  type Augmentation,
} from '../datasets/augment-face.js';
import { expressionInput, oneOfTenInputs } from '../datasets/expression-input.js';
import { canvasOf, faceOfCanvas, readFaceCache, withFace, type FaceCache } from '../datasets/face-cache.js';
import { mixUp } from '../datasets/mix-up.js';
import { epochOrder, trainingItems, type TrainingItem } from '../datasets/training-items.js';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';
import { ferNetworkNamed, isMetricOnly } from '../networks/fer-networks.js';
import { runNetwork } from '../networks/run-network.js';
import {
  assignParameters,
  createVariables,
  disposeVariables,
  readParameters,
} from '../networks/variables.js';
import { createRandom, seedAt, uniform } from '../random.js';
import type { FerRecipe } from '../recipe.js';
import { readTrainedExpression } from '../trained-network.js';
import { createAdam } from './adam.js';
import { answersAt, predictFaces, reportOn } from './evaluate-fer.js';
import { namedGradients } from './gradients.js';
import { nothingSummed, openLossLog, type SummedTerms } from './loss-log.js';
import { metricLosses } from './metric-losses.js';
import { asMetric, createMetricParameters } from './metric-parameters.js';
import { createMovingAverage } from './moving-average.js';
import { requireFinite } from './require-finite.js';
import { learningRateAt } from './schedule.js';
import { createSgd } from './sgd.js';
import { startMetric } from './start-metric.js';
import { beginCourse, followCourse, type ValidationCourse } from './validation-course.js';

/** Generates the neutral references of aligned 64x64 faces, grey levels 0..255. */
export type GenerateReferences = (faces: readonly Uint8Array[]) => readonly Uint8Array[];

/** Where a run reads and writes. */
export interface FerRunOptions {
  /** Folder of the face caches. */
  readonly data: string;
  /** Folder of checkpoints and logs. A run that was started there before goes on. */
  readonly out: string;
  /** Checkpoint to start from, for recipes that say so. */
  readonly from?: string;
  /** The generator, for recipes with a metric stage. */
  readonly references?: GenerateReferences;
  readonly onProgress?: (progress: FerProgress) => void;
  /** Stops the run after a step; it can be taken up again. */
  readonly signal?: AbortSignal;
}

/** Told after every logged step. */
export interface FerProgress {
  readonly step: number;
  /** Where the run ends; sooner than the recipe says where it stops early. */
  readonly steps: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
  /** Accuracy on the validation cache, where this step measured it. */
  readonly accuracy?: number;
}

interface FerState extends SummedTerms, ValidationCourse {
  readonly recipe: FerRecipe;
  readonly step: number;
  readonly epoch: number;
  readonly position: number;
  readonly optimizerSteps: number;
  /** Of the steps since the last evaluation: the sum of the whole loss, and how many they are. */
  readonly lossSum: number;
  readonly lossSteps: number;
}

const LOG_EVERY = 20;
/** The class of neutral faces. */
const NEUTRAL = 0;

/** One training picture: one of the ten parts; or drawn crop, coarseness, light, preprocessing, erasure; all from `seed`. */
export function augmentedInput(canvas: Uint8Array, options: Augmentation, seed: number): Float32Array {
  const random = createRandom(seed);
  if (options.crops === 'ten') return oneOfTenInputs(canvas, random);
  const crop = drawCrop(random, options);
  const [share, smallest] = options.coarse;
  let pixels: Float32Array;
  if (random.next() < share) {
    const side = Math.round(uniform(random, smallest, cropSide - 4));
    pixels = enlarge(takeCrop(canvas, crop, side), side, cropSide);
  } else {
    pixels = takeCrop(canvas, crop);
  }
  varyLight(pixels, random, random.next() < 0.5 ? options : { ...options, noise: 0 });
  const input = expressionInput(pixels);
  if (random.next() < options.erase) eraseRectangle(input, cropSide, random);
  return input;
}

/**
 * Trains an expression network by a recipe, softmax alone or jointly with a metric loss (Algorithm 2).
 * Writes `checkpoint.bin` (to go on), `best.bin` (averaged weights with the best validation accuracy so far),
 * `last.bin`, `losses.csv` and the same for TensorBoard into `out`. A run that is killed goes on to the same numbers.
 * @returns the best validation accuracy, and the steps that were done: fewer than the recipe's where it stopped early
 * @throws DeadpanError E_TRAINING when `out` holds another recipe's run or something is missing
 */
export async function trainFer(
  recipe: FerRecipe,
  options: FerRunOptions,
): Promise<{ readonly accuracy: number; readonly steps: number }> {
  await mkdir(options.out, { recursive: true });
  const caches = new Map<string, FaceCache>();
  for (const name of new Set([...recipe.sources.map(({ cache }) => cache), recipe.validation])) {
    caches.set(name, await readFaceCache(options.data, name));
  }
  const cacheNamed = (name: string): FaceCache => caches.get(name) ?? missing(`face cache ${name}`);
  const items = recipe.sources.flatMap(({ cache, ...source }) => trainingItems(cacheNamed(cache), source));
  if (items.reduce((sum, { weight }) => sum + weight, 0) < 1) {
    throw new DeadpanError('E_TRAINING', 'The sources of the recipe leave no face to train on.', {
      advice:
        'See that their "holdOutEvery" does not leave out everybody, and that their "classWeights" are not 0.',
    });
  }

  const network = ferNetworkNamed(recipe.network);
  const variables = createVariables(
    network,
    createRandom(recipe.seed),
    await startingParameters(recipe, network, options),
  );
  const metricKind = recipe.metric === undefined ? undefined : metricLosses[recipe.metric.loss];
  const metric =
    recipe.metric && metricKind?.adaptive === true
      ? createMetricParameters(embeddingUnits(network), recipe.metric.rank, createRandom(recipe.seed + 1))
      : new Map<string, Variable>();
  const checkpointFile = join(options.out, 'checkpoint.bin');
  const byClass = classIndex(items);
  if (recipe.metric && !existsSync(checkpointFile)) {
    const queries = drawPerClass(byClass, items, recipe.metric.perClass, seedAt(recipe.seed, 3, 0));
    const first = makeBatch([], queries, [], recipe, 0);
    tf.tidy(() => {
      const { embedding } = runNetwork(network, variables, first.inputs) as { embedding: Tensor2D };
      startMetric(network, variables, metric, embedding, first.labels);
    });
    tf.dispose([first.inputs, first.targets]);
  }
  const trained = new Map<string, Variable>([
    // Softmax alone never reaches the metric branch, and TensorFlow has no gradient for what a loss does not use.
    ...[...variables].filter(([name]) => recipe.metric !== undefined || !isMetricOnly(name)),
    ...[...metric].map(([name, variable]) => [`metric/${name}`, variable] as const),
  ]);
  const create = recipe.optimizer === 'sgd' ? createSgd : createAdam;
  const optimizer = create(trained, { weightDecay: recipe.weightDecay });
  const average = createMovingAverage(variables, recipe.average);

  let state: FerState = {
    ...{ recipe, step: 0, epoch: 0, position: 0, optimizerSteps: 0, lossSum: 0, lossSteps: 0 },
    ...nothingSummed(),
    ...beginCourse(),
  };
  /** What the rate's halving goes back to. */
  let bestWeights: Parameters = new Map();
  if (existsSync(checkpointFile)) {
    const checkpoint = await readCheckpoint<FerState>(checkpointFile);
    if (JSON.stringify(checkpoint.state.recipe) !== JSON.stringify(recipe)) {
      throw new DeadpanError('E_TRAINING', `${options.out} holds a run of another recipe.`, {
        advice: 'Choose another folder, or remove it.',
      });
    }
    state = { ...state, ...checkpoint.state };
    bestWeights = tensorsUnder(checkpoint.tensors, 'best/');
    assignParameters(trained, tensorsUnder(checkpoint.tensors, 'trained/'));
    assignParameters(average.variables, tensorsUnder(checkpoint.tensors, 'average/'));
    assignParameters(optimizer.moments, tensorsUnder(checkpoint.tensors, 'moments/'));
    optimizer.steps = state.optimizerSteps;
  }
  const log = openLossLog(options.out, state.step);

  let { step, epoch, position, lossSum, lossSteps } = state;
  const { best, sinceBest, stalled, halvings, loss } = state;
  let course: ValidationCourse = { best, sinceBest, stalled, halvings, loss };
  let order = epochOrder(items, recipe.seed, epoch);
  let { sums, summed } = state;
  let started = performance.now();
  const imagesPerStep =
    recipe.batch +
    (metricKind?.usesReferences === true ? 2 : 1) * (recipe.metric?.perClass ?? 0) * byClass.length;
  const stopped = (): boolean => options.signal?.aborted === true;
  const ended = (): boolean =>
    step >= recipe.schedule.steps || course.sinceBest >= (recipe.stopAfter ?? Infinity);
  while (!ended() && !stopped()) {
    if (position + recipe.batch > order.length) {
      epoch++;
      position = 0;
      order = epochOrder(items, recipe.seed, epoch);
    }
    const plain = Array.from(
      order.subarray(position, position + recipe.batch),
      (index) => items[index] ?? missing('training item'),
    );
    position += recipe.batch;
    const queries = recipe.metric
      ? drawPerClass(byClass, items, recipe.metric.perClass, seedAt(recipe.seed, 3, step))
      : [];
    const references =
      metricKind?.usesReferences === true
        ? (options.references ?? missing('reference generator', 'Name it with --references.'))(
            queries.map(alignedFace),
          )
        : [];
    const batch = makeBatch(plain, queries, references, recipe, step);
    const terms: Record<string, number> = {};
    const { value, gradients } = namedGradients(trained, () =>
      ferLoss(network, variables, metric, batch, recipe, step, (name, term) => {
        terms[name] = term.dataSync()[0] ?? 0;
      }),
    );
    requireFinite(terms, step);
    for (const [name, term] of Object.entries(terms)) sums[name] = (sums[name] ?? 0) + term;
    lossSum += value.dataSync()[0] ?? 0;
    lossSteps++;
    const rate = learningRateAt(recipe.schedule, step, course.halvings);
    optimizer.step(gradients, rate);
    tf.dispose([value, gradients, batch.inputs, batch.targets]);
    step++;
    summed++;
    average.update(step);
    // The event loop breathes here, so that a signal can be seen.
    await setImmediate();

    const evaluated = step % recipe.evaluateEvery === 0 || step === recipe.schedule.steps;
    let accuracy: number | undefined;
    if (evaluated) {
      const predictions = predictFaces(network, average.variables, cacheNamed(recipe.validation));
      accuracy = reportOn(answersAt(predictions, 1)).accuracy;
      const before = course;
      course = followCourse(before, accuracy, lossSum / lossSteps, recipe.schedule.halve);
      lossSum = 0;
      lossSteps = 0;
      const weights = { state: { recipe, step, accuracy }, tensors: readParameters(average.variables) };
      await writeCheckpoint(join(options.out, 'last.bin'), weights);
      if (course.sinceBest === 0) {
        await writeCheckpoint(join(options.out, 'best.bin'), weights);
        if (recipe.schedule.halve !== undefined) bestWeights = weights.tensors;
      }
      if (course.halvings > before.halvings) {
        assignParameters(variables, bestWeights);
        assignParameters(average.variables, bestWeights);
        optimizer.reset();
      }
    }
    if (step % LOG_EVERY === 0 || evaluated) {
      const since = summed;
      const means = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / since]));
      log.write(step, {
        ...means,
        learningRate: rate,
        accuracy: accuracy ?? Number.NaN,
      });
      const imagesPerSecond = (since * imagesPerStep * 1000) / (performance.now() - started);
      options.onProgress?.({
        step,
        steps: ended() ? step : recipe.schedule.steps,
        terms: means,
        imagesPerSecond,
        ...(accuracy === undefined ? {} : { accuracy }),
      });
      sums = {};
      summed = 0;
      started = performance.now();
    }
    if (step % recipe.checkpointEvery === 0 || ended() || stopped()) {
      log.flush();
      const tensors = joinTensors({
        'trained/': readParameters(trained),
        'average/': readParameters(average.variables),
        'moments/': readParameters(optimizer.moments),
        'best/': bestWeights,
      });
      const counted = {
        step,
        epoch,
        position,
        optimizerSteps: optimizer.steps,
        lossSum,
        lossSteps,
        sums,
        summed,
      };
      await writeCheckpoint<FerState>(checkpointFile, {
        state: { recipe, ...counted, ...course },
        tensors,
      });
    }
  }
  disposeVariables(variables);
  disposeVariables(metric);
  optimizer.dispose();
  average.dispose();
  return { accuracy: course.best, steps: step };
}

/** What a step sees. */
export interface FerBatch {
  /** Plain faces, then queries, then references. */
  readonly inputs: Tensor4D;
  /** Of the plain faces and of the queries. */
  readonly targets: Tensor2D;
  readonly queries: number;
  readonly labels: readonly number[];
  readonly subjects: readonly (string | undefined)[];
}

/**
 * The batch of a step: every face cropped, flipped and lit by chance, each reference as its query.
 * @param references of the queries; none for losses that use none
 */
export function makeBatch(
  plain: readonly TrainingItem[],
  queries: readonly TrainingItem[],
  references: readonly Uint8Array[],
  recipe: FerRecipe,
  step: number,
): FerBatch {
  const size = cropSide * cropSide;
  const canvases = [...plain, ...queries].map(({ cache, index }) => canvasOf(cache, index));
  const pixels = new Float32Array((canvases.length + references.length) * size);
  canvases.forEach((canvas, row) => {
    pixels.set(augmentedInput(canvas, recipe.augmentation, seedAt(recipe.seed, 1, step, row)), row * size);
  });
  const targets = [...plain, ...queries].map(({ target }) => [...target]);
  if (recipe.augmentation.crops === undefined) {
    mixUp(
      pixels.subarray(0, plain.length * size),
      targets.slice(0, plain.length),
      recipe.augmentation.mixup,
      createRandom(seedAt(recipe.seed, 4, step)),
    );
  }
  references.forEach((reference, row) => {
    const query = plain.length + row;
    const canvas = withFace(canvases[query] ?? missing('query'), reference);
    // The same seed as its query: the same crop, flip and light.
    pixels.set(
      augmentedInput(canvas, recipe.augmentation, seedAt(recipe.seed, 1, step, query)),
      (canvases.length + row) * size,
    );
  });
  return {
    inputs: tf.tensor4d(pixels, [canvases.length + references.length, cropSide, cropSide, 1]),
    targets: tf.tensor2d(targets),
    queries: queries.length,
    labels: queries.map(({ label }) => label ?? missing('label of a query')),
    subjects: queries.map(({ cache, index }) => cache.faces[index]?.subject),
  };
}

function ferLoss(
  network: Network,
  variables: ReadonlyMap<string, Variable>,
  metric: ReadonlyMap<string, Variable>,
  batch: FerBatch,
  recipe: FerRecipe,
  step: number,
  report: (name: string, term: Scalar) => void,
): Scalar {
  const { logits, embedding } = runNetwork(network, variables, batch.inputs, {
    training: true,
    seed: seedAt(recipe.seed, 2, step),
  }) as { logits: Tensor2D; embedding: Tensor2D };
  const labelled = batch.targets.shape[0];
  const classified = recipe.metric?.softmaxOnQueries === false ? labelled - batch.queries : labelled;
  let seen = tf.slice(logits, [0, 0], [classified, -1]);
  let targets = tf.slice(batch.targets, [0, 0], [classified, -1]);
  if (recipe.metric?.referencesAsNeutral === true) {
    const neutral = tf.oneHot(tf.fill([batch.queries], NEUTRAL, 'int32'), targets.shape[1]) as Tensor2D;
    seen = tf.concat([seen, tf.slice(logits, [labelled, 0], [batch.queries, -1])]);
    targets = tf.concat([targets, tf.cast(neutral, 'float32')]);
  }
  const softmax = softmaxCrossEntropy(seen, targets);
  report('softmax', softmax);
  if (!recipe.metric) return softmax;
  const queries = tf.slice(embedding, [labelled - batch.queries, 0], [batch.queries, -1]);
  const kind = metricLosses[recipe.metric.loss];
  const references = kind.usesReferences
    ? tf.slice(embedding, [labelled, 0], [batch.queries, -1])
    : undefined;
  const { labels, subjects } = batch;
  const term = kind.loss(
    { queries, references, labels, subjects, neutral: NEUTRAL },
    recipe.metric,
    kind.adaptive ? asMetric(metric) : undefined,
  );
  report(recipe.metric.loss, term);
  return tf.add(softmax, tf.mul(term, recipe.metric.gamma));
}

async function startingParameters(
  recipe: FerRecipe,
  network: Network,
  options: FerRunOptions,
): Promise<Parameters> {
  if (recipe.start === 'recognition') return residualTrunkParameters(readFaceApiWeights('face_recognition'));
  if (recipe.start === 'random') return new Map();
  const from = options.from ?? missing('checkpoint to start from', 'Name it with --from.');
  return (await readTrainedExpression(from, network)).parameters;
}

function embeddingUnits(network: Network): number {
  return (
    network.layers.find(({ name }) => name === network.outputs['embedding'])?.shape[2] ?? missing('embedding')
  );
}

function classIndex(items: readonly TrainingItem[]): number[][] {
  const classes = items[0]?.target.length ?? 0;
  const byClass = Array.from({ length: classes }, (): number[] => []);
  items.forEach(({ label }, index) => {
    if (label !== undefined) byClass[label]?.push(index);
  });
  return byClass.filter((members) => members.length > 0);
}

/** As many different images of each class; of a class that has fewer, all of them, some again. */
function drawPerClass(
  byClass: readonly (readonly number[])[],
  items: readonly TrainingItem[],
  perClass: number,
  seed: number,
): TrainingItem[] {
  const random = createRandom(seed);
  return byClass.flatMap((members) => {
    const drawn: number[] = [];
    while (drawn.length < perClass) {
      const index = members[Math.floor(random.next() * members.length)] ?? 0;
      const round = drawn.slice(Math.floor(drawn.length / members.length) * members.length);
      if (!round.includes(index)) drawn.push(index);
    }
    return drawn.map((index) => items[index] ?? missing('training item'));
  });
}

/** The aligned 64x64 face of an item. */
function alignedFace({ cache, index }: TrainingItem): Uint8Array {
  return faceOfCanvas(canvasOf(cache, index));
}

function missing(what: string, advice?: string): never {
  throw new DeadpanError('E_TRAINING', `The run lacks its ${what}.`, advice === undefined ? {} : { advice });
}

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  discriminatorNetwork,
  parameterShapes,
  readFaceApiWeights,
  recognitionNetwork,
  recognitionParameters,
  type Network,
  type Parameters,
} from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { tf } from '../backend.js';
import { joinTensors, readCheckpoint, tensorsUnder, writeCheckpoint } from '../checkpoint.js';
import { centreCrop } from '../datasets/augment-face.js';
import { readFaceCache } from '../datasets/face-cache.js';
import {
  applyLight,
  drawFaceCrop,
  generatorFace,
  generatorSide,
  hngPools,
  matchLight,
  type FaceAt,
  type HngPools,
} from '../datasets/hng-pools.js';
import { meanDifference } from '../metrics/image-similarity.js';
import {
  assignParameters,
  createVariables,
  disposeVariables,
  readParameters,
} from '../networks/variables.js';
import { createRandom, normal, seedAt, uniform, type Random } from '../random.js';
import type { HngRecipe } from '../recipe.js';
import { createAdam } from './adam.js';
import { hngStep, type HngBatch, type HngModels, type Model } from './hng-step.js';
import { nothingSummed, openLossLog, type SummedTerms } from './loss-log.js';
import { createMovingAverage } from './moving-average.js';
import { referencesOf, stackFaces } from './references-of.js';
import { writeGrid } from './sample-grid.js';
import { requireFinite } from './require-finite.js';
import { learningRateAt } from './schedule.js';
import { createTeacher, type Teacher } from './teacher.js';
import { hngNetworkNamed } from '../networks/hng-networks.js';
import { readTrainedGenerator } from '../trained-network.js';

/** Where a run reads and writes. */
export interface HngRunOptions {
  /** Folder of the face caches. */
  readonly data: string;
  /** Folder of checkpoints, logs and grids. A run that was started there before goes on. */
  readonly out: string;
  /** Checkpoint to start from, for recipes that say so; also what teaches, in recipes with taught faces. */
  readonly from?: string;
  /** The frozen expression network, for recipes with an expression weight or taught faces. */
  readonly expression?: { readonly network: Network; readonly parameters: Parameters };
  readonly onProgress?: (progress: HngProgress) => void;
  /** Stops the run after a step; it can be taken up again. */
  readonly signal?: AbortSignal;
}

/** Told after every logged step. */
export interface HngProgress {
  readonly step: number;
  /** Where the run ends; sooner than the recipe says where it stops early. */
  readonly steps: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
}

interface HngState extends SummedTerms {
  readonly recipe: HngRecipe;
  readonly step: number;
  readonly generatorSteps: number;
  readonly discriminatorSteps: number;
  /** The smallest validation difference so far; null before the first. */
  readonly best: number | null;
  /** Evaluations since then. */
  readonly sinceBest: number;
}

const LOG_EVERY = 20;
const GRID_FACES = 16;

/**
 * Trains a reference generator by Algorithm 1. Writes `checkpoint.bin` (to go on), `last.bin` (averaged weights),
 * `best.bin` (those nearest to the true neutral faces of the held-out pairs in the same light, where there are such),
 * `losses.csv`, the same for TensorBoard, and grids of held-out people (`grid-STEP.png`: input above, reference below)
 * into `out`.
 * @returns the steps that were done: fewer than the recipe's where it stopped early
 * @throws DeadpanError E_TRAINING when `out` holds another recipe's run or something is missing
 */
export async function trainHng(
  recipe: HngRecipe,
  options: HngRunOptions,
): Promise<{ readonly steps: number }> {
  await mkdir(options.out, { recursive: true });
  const sources = await Promise.all(
    recipe.sources.map(async ({ cache, ...source }) => ({
      ...source,
      frontal: recipe.frontal,
      cache: await readFaceCache(options.data, cache),
    })),
  );
  const pools = hngPools(sources);
  const heldOut = hngPools(sources, 'heldOut');
  if (recipe.stopAfter !== undefined && heldOut.pairs.length === 0) {
    throw new DeadpanError(
      'E_TRAINING',
      'The run is to stop early, but no pairs are held out to judge it by.',
      {
        advice: 'Leave "stopAfter" out, or let a source with "sameLight" hold out somebody ("holdOutEvery").',
      },
    );
  }

  const generatorNet = hngNetworkNamed(recipe.network);
  const discriminatorNet = discriminatorNetwork(recipe.discriminator);
  const generator: Model = {
    network: generatorNet,
    variables: createVariables(
      generatorNet,
      createRandom(recipe.seed),
      identityStart(generatorNet, recipe.seed + 2),
    ),
  };
  const discriminator: Model = {
    network: discriminatorNet,
    variables: createVariables(discriminatorNet, createRandom(recipe.seed + 1)),
  };
  const models: HngModels = {
    generator,
    discriminator,
    recognition: recognitionModel(),
    expression: expressionModel(recipe, options),
  };
  const generatorAdam = createAdam(generator.variables);
  const discriminatorAdam = createAdam(discriminator.variables, { beta1: recipe.discriminatorBeta1 ?? 0.5 });
  const average = createMovingAverage(generator.variables, recipe.average);

  const checkpointFile = join(options.out, 'checkpoint.bin');
  const beginning = { best: null, sinceBest: 0, ...nothingSummed() };
  let state: HngState = { recipe, step: 0, generatorSteps: 0, discriminatorSteps: 0, ...beginning };
  if (existsSync(checkpointFile)) {
    const checkpoint = await readCheckpoint<HngState>(checkpointFile);
    if (JSON.stringify(checkpoint.state.recipe) !== JSON.stringify(recipe)) {
      throw new DeadpanError('E_TRAINING', `${options.out} holds a run of another recipe.`, {
        advice: 'Choose another folder, or remove it.',
      });
    }
    state = { ...beginning, ...checkpoint.state };
    assignParameters(generator.variables, tensorsUnder(checkpoint.tensors, 'generator/'));
    assignParameters(discriminator.variables, tensorsUnder(checkpoint.tensors, 'discriminator/'));
    assignParameters(average.variables, tensorsUnder(checkpoint.tensors, 'average/'));
    assignParameters(generatorAdam.moments, tensorsUnder(checkpoint.tensors, 'generator-moments/'));
    assignParameters(discriminatorAdam.moments, tensorsUnder(checkpoint.tensors, 'discriminator-moments/'));
    generatorAdam.steps = state.generatorSteps;
    discriminatorAdam.steps = state.discriminatorSteps;
  } else if (recipe.start === 'checkpoint') {
    if (options.from === undefined)
      throw new DeadpanError('E_TRAINING', 'The recipe starts from a checkpoint, but none was given.', {
        advice: 'Name it with --from.',
      });
    const { parameters } = await readTrainedGenerator(options.from, generatorNet);
    assignParameters(generator.variables, parameters);
    assignParameters(average.variables, parameters);
  }
  const teacher = await teacherOf(recipe, options, generatorNet, models.expression);
  const log = openLossLog(options.out, state.step);

  let { step, best, sinceBest, sums, summed } = state;
  let started = performance.now();
  const averaged: Model = { network: generatorNet, variables: average.variables };
  const stopped = (): boolean => options.signal?.aborted === true;
  const ended = (): boolean => step >= recipe.schedule.steps || sinceBest >= (recipe.stopAfter ?? Infinity);
  while (!ended() && !stopped()) {
    const batch = makeBatch(pools, recipe, step, teacher);
    const result = hngStep(models, batch, recipe, step);
    requireFinite(result.terms, step);
    const rate = learningRateAt(recipe.schedule, step);
    generatorAdam.step(result.generator, rate);
    if (result.discriminator) discriminatorAdam.step(result.discriminator, rate);
    tf.dispose([
      result.generator,
      result.discriminator ?? {},
      batch.inputs,
      batch.targets,
      batch.guiding,
      batch.noise,
    ]);
    step++;
    average.update(step);
    for (const [name, value] of Object.entries(result.terms)) sums[name] = (sums[name] ?? 0) + value;
    summed++;
    const evaluated = step % recipe.gridEvery === 0 || step === recipe.schedule.steps;
    let validation = Number.NaN;
    if (evaluated && heldOut.pairs.length > 0) {
      validation = differenceToNeutral(averaged, heldOut);
      sinceBest = best === null || validation < best ? 0 : sinceBest + 1;
      if (sinceBest === 0) {
        best = validation;
        await writeCheckpoint(join(options.out, 'best.bin'), {
          state: { recipe, step, validation },
          tensors: readParameters(average.variables),
        });
      }
    }
    if (step % LOG_EVERY === 0 || evaluated) {
      const terms = Object.fromEntries(TERMS.map((name) => [name, (sums[name] ?? 0) / summed]));
      log.write(step, { ...terms, learningRate: rate, validation });
      const imagesPerSecond = (summed * batchSize(recipe) * 1000) / (performance.now() - started);
      options.onProgress?.({ step, steps: ended() ? step : recipe.schedule.steps, terms, imagesPerSecond });
      sums = {};
      summed = 0;
      started = performance.now();
    }
    // The event loop breathes here, so that a signal can be seen.
    await setImmediate();
    if (step % recipe.checkpointEvery === 0 || ended() || stopped()) {
      log.flush();
      await writeCheckpoint<HngState>(checkpointFile, {
        state: {
          recipe,
          step,
          generatorSteps: generatorAdam.steps,
          discriminatorSteps: discriminatorAdam.steps,
          best,
          sinceBest,
          sums,
          summed,
        },
        tensors: joinTensors({
          'generator/': readParameters(generator.variables),
          'discriminator/': readParameters(discriminator.variables),
          'average/': readParameters(average.variables),
          'generator-moments/': readParameters(generatorAdam.moments),
          'discriminator-moments/': readParameters(discriminatorAdam.moments),
        }),
      });
      await writeCheckpoint(join(options.out, 'last.bin'), {
        state: { recipe, step },
        tensors: readParameters(average.variables),
      });
    }
    if (evaluated) await writeSamples(join(options.out, `grid-${step}.png`), averaged, heldOut);
  }
  for (const { variables } of [generator, discriminator, models.recognition]) disposeVariables(variables);
  if (models.expression) disposeVariables(models.expression.variables);
  teacher?.dispose();
  generatorAdam.dispose();
  discriminatorAdam.dispose();
  average.dispose();
  return { steps: step };
}

const TERMS = [
  'feature',
  'identity',
  'pixel',
  'expression',
  'symmetry',
  'adversarial',
  'discriminator',
  'change',
] as const;

function batchSize({ mix }: HngRecipe): number {
  return mix.pairs + mix.taught + mix.loosePairs + mix.neutral + mix.alone;
}

// The skip generator begins near the identity and learns what must change; at the identity itself the layers below
// the last would get no gradient.
function identityStart(network: Network, seed: number): Parameters {
  const random = createRandom(seed);
  const shapes = [...parameterShapes(network)].filter(([name]) => /^dec\/(change|flow)\/weights$/.test(name));
  return new Map(
    shapes.map(([name, shape]) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      return [name, { shape, data: Float32Array.from({ length: count }, () => 0.01 * normal(random)) }];
    }),
  );
}

function recognitionModel(): Model {
  const network = recognitionNetwork();
  const parameters = recognitionParameters(readFaceApiWeights('face_recognition'));
  return { network, variables: createVariables(network, createRandom(0), parameters) };
}

function expressionModel(recipe: HngRecipe, { expression }: HngRunOptions): Model | undefined {
  if (recipe.weights.expression === 0 && recipe.mix.taught === 0) return undefined;
  if (!expression)
    throw new DeadpanError('E_TRAINING', 'The recipe asks an expression network, but none was given.', {
      advice: 'Name it with --expression.',
    });
  return {
    network: expression.network,
    variables: createVariables(expression.network, createRandom(0), expression.parameters),
  };
}

// What answers for the taught faces; undefined where there are none.
async function teacherOf(
  { mix, teacherPasses, teacherShare }: HngRecipe,
  { from }: HngRunOptions,
  network: Network,
  expression: Model | undefined,
): Promise<Teacher | undefined> {
  if (mix.taught === 0) return undefined;
  if (from === undefined || expression === undefined) {
    throw new DeadpanError('E_TRAINING', 'The recipe has taught faces, but nothing to teach them.', {
      advice:
        'Name the generator to start from with --from, also when the run is taken up again, and the expression network with --expression.',
    });
  }
  const { parameters } = await readTrainedGenerator(from, network);
  const variables = createVariables(network, createRandom(0), parameters);
  return createTeacher({ network, variables }, expression, teacherPasses, teacherShare);
}

function pick<T>(random: Random, list: readonly T[], what: string): T {
  const item = list[Math.floor(random.next() * list.length)];
  if (item === undefined) throw new DeadpanError('E_TRAINING', `The data has no ${what}.`);
  return item;
}

function drawLight(random: Random): { contrast: number; gamma: number } {
  return { contrast: Math.exp(uniform(random, -0.25, 0.25)), gamma: Math.exp(uniform(random, -0.3, 0.3)) };
}

// Order of the batch: exact pairs, taught faces, neutral faces (their own targets), loose pairs, faces alone.
function makeBatch(pools: HngPools, recipe: HngRecipe, step: number, teacher: Teacher | undefined): HngBatch {
  const random = createRandom(seedAt(recipe.seed, step));
  const { mix } = recipe;
  const inputs: Float32Array[] = [];
  const targets: Float32Array[] = [];
  const take = (
    face: FaceAt,
    crop: ReturnType<typeof drawFaceCrop>,
    light: ReturnType<typeof drawLight>,
  ): Float32Array => {
    const pixels = generatorFace(face, crop);
    applyLight(pixels, light);
    return pixels;
  };
  for (let i = 0; i < mix.pairs; i++) {
    const { input, target } = pick(random, pools.pairs, 'pairs in the same light');
    const [crop, light] = [drawFaceCrop(random), drawLight(random)];
    inputs.push(take(input, crop, light));
    targets.push(take(target, crop, light));
  }
  const alone = (): Float32Array =>
    take(pick(random, pools.alone, 'expressive faces'), drawFaceCrop(random), drawLight(random));
  if (teacher !== undefined) {
    const taught = Array.from({ length: mix.taught }, alone);
    inputs.push(...taught);
    targets.push(...teacher.answersTo(taught));
  }
  for (let i = 0; i < mix.neutral; i++) {
    const face = take(pick(random, pools.neutral, 'neutral faces'), drawFaceCrop(random), drawLight(random));
    inputs.push(face);
    targets.push(face);
  }
  for (let i = 0; i < mix.loosePairs; i++) {
    const { input, target } = pick(random, pools.loosePairs, 'pairs of a person');
    const [crop, light] = [drawFaceCrop(random), drawLight(random)];
    const face = take(input, crop, light);
    const other = take(target, crop, light);
    matchLight(other, face);
    inputs.push(face);
    targets.push(other);
  }
  for (let i = 0; i < mix.alone; i++) inputs.push(alone());
  const guiding = inputs.map(() =>
    take(pick(random, pools.neutral, 'neutral faces'), drawFaceCrop(random), drawLight(random)),
  );
  const noise = Float32Array.from({ length: inputs.length * 60 * 60 }, () => 0.015 * normal(random));
  return {
    inputs: stackFaces(inputs),
    targets: stackFaces(targets),
    exact: mix.pairs + mix.taught + mix.neutral,
    guiding: stackFaces(guiding),
    crop: [Math.floor(random.next() * 5), Math.floor(random.next() * 5)],
    noise: tf.tensor4d(noise, [inputs.length, 60, 60, 1]),
  };
}

/** Mean difference of the references of the held-out pairs to the true neutral faces, in the same light. */
function differenceToNeutral(model: Model, { pairs }: HngPools): number {
  const references = referencesOf(
    model,
    pairs.map(({ input }) => generatorFace(input, centreCrop)),
  );
  const differences = pairs.map(({ target }, i) =>
    meanDifference(references[i] ?? new Float32Array(), generatorFace(target, centreCrop)),
  );
  return differences.reduce((sum, difference) => sum + difference, 0) / pairs.length;
}

async function writeSamples(file: string, model: Model, heldOut: HngPools): Promise<void> {
  // The same faces at every step, spread over the pools: pairs first, whose light is even.
  const spread = <T>(list: readonly T[], count: number): T[] =>
    Array.from(
      { length: Math.min(count, list.length) },
      (_, i) => list[Math.floor((i * list.length) / count)] as T,
    );
  const shown = [
    ...spread(
      heldOut.pairs.map(({ input }) => input),
      GRID_FACES,
    ),
    ...spread(heldOut.alone, 3 * GRID_FACES),
  ];
  const inputs = shown.map((face) => generatorFace(face, centreCrop));
  const references = referencesOf(model, inputs);
  const rows: Float32Array[][] = [];
  for (let start = 0; start + GRID_FACES <= inputs.length; start += GRID_FACES) {
    rows.push(inputs.slice(start, start + GRID_FACES), references.slice(start, start + GRID_FACES));
  }
  if (rows.length > 0) await writeGrid(file, rows, generatorSide);
}

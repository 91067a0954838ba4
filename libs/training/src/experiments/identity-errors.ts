import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeadpanError } from '@deadpan/shared';
import { canvasOf, faceOfCanvas, writeFaceCache, type FaceCache } from '../datasets/face-cache.js';
import { hngPools } from '../datasets/hng-pools.js';
import { isHeldOut } from '../datasets/split-subjects.js';
import { readGenerator } from '../loops/release-hng.js';
import { referencesOf } from '../loops/references-of.js';
import { trainHng } from '../loops/train-hng.js';
import { disposeVariables } from '../networks/variables.js';
import { hngRecipeSchema, type HngRecipe } from '../recipe.js';
import { identityDistances, type IdentityDistances } from './identity-distances.js';
import { writeWhole } from '../write-whole.js';

/** What became of the people behind the references of a generator. */
export interface IdentityJudgement {
  /** Share of the references that lie beyond the distance that tells this set's people apart best. */
  readonly errors: number;
  readonly threshold: number;
  /** Of the faces that were judged. */
  readonly distances: IdentityDistances;
}

/** A row of the paper's Table 1. */
export interface IdentityErrors extends IdentityJudgement {
  /** Weight of the identity loss, the paper's. */
  readonly weight: number;
}

/** How the generators of {@link identityErrors} are trained. */
export interface IdentityTraining {
  /** The paper's weights of the identity loss. */
  readonly weights: readonly number[];
  /** What they are multiplied by: the paper does not say how it scales its losses. */
  readonly scale: number;
  /** Training steps of the auto-encoder that all generators start from. */
  readonly autoEncoderSteps: number;
  /** Training steps of each generator. */
  readonly steps: number;
}

/** The auto-encoder alone, and Table 1. */
export interface IdentitySweep extends Omit<IdentityTraining, 'weights'> {
  readonly autoEncoder: IdentityJudgement;
  readonly byWeight: readonly IdentityErrors[];
}

/** About one person in so many is held out and judged on. */
const HOLD_OUT = 5;
const NAME = 'identity';

/**
 * Trains the paper's plain generator (32 channels): first as an auto-encoder of neutral faces, by L_pixel alone, then
 * from there once for each weight of the identity loss with M1's other weights, each on the same batches. Counts identity
 * errors on the expressive faces of people who were held out. What is done is not done again. Frames of sequences pair in
 * the same light; other pictures do not, so that L_pixel, which would teach the light, is left out of the pairs.
 * @param folder where the generators go
 * @throws DeadpanError E_DATA where the set has nobody with a neutral and another expression, or too few people
 */
export async function identityErrors(
  set: FaceCache,
  folder: string,
  training: IdentityTraining,
  onProgress: (task: string, done: number, of: number) => void,
): Promise<IdentitySweep> {
  const filmed = set.faces.every(({ sequence }) => sequence !== undefined);
  const sources = [{ cache: set, holdOutEvery: HOLD_OUT, sameLight: filmed }];
  const { pairs, loosePairs } = hngPools(sources);
  if (pairs.length + loosePairs.length === 0 || hngPools(sources, 'heldOut').alone.length === 0) {
    throw new DeadpanError(
      'E_DATA',
      `${set.name} has too few people with a neutral and another expression.`,
      {
        advice: 'The figure "identity" trains generators from such pairs; leave it out.',
      },
    );
  }
  await mkdir(folder, { recursive: true });
  await writeFaceCache(folder, { ...set, name: NAME });

  async function trained(
    task: string,
    out: string,
    recipe: HngRecipe,
    from?: string,
  ): Promise<IdentityJudgement> {
    const file = join(out, 'errors.json');
    if (!existsSync(file)) {
      await trainHng(recipe, {
        ...{ data: folder, out },
        ...(from === undefined ? {} : { from }),
        onProgress: ({ step, steps: of }) => {
          onProgress(task, step, of);
        },
      });
      await writeWhole(file, `${JSON.stringify(await judge(set, generatorIn(out)))}\n`);
    }
    return JSON.parse(await readFile(file, 'utf8')) as IdentityJudgement;
  }

  const { weights, ...common } = training;
  const { scale, autoEncoderSteps, steps } = training;
  const start = autoEncoderFolder(folder, training);
  const autoEncoder = await trained('auto-encoder', start, autoEncoderRecipe(autoEncoderSteps, filmed));
  const byWeight: IdentityErrors[] = [];
  for (const weight of weights) {
    const recipe = recipeWith(weight * scale, steps, filmed);
    const out = weightFolder(folder, training, weight);
    const judged = await trained(`identity weight ${weight}`, out, recipe, generatorIn(start));
    byWeight.push({ weight, ...judged });
  }
  return { ...common, autoEncoder, byWeight };
}

/**
 * References, 64x64 grey bytes, by a generator of {@link identityErrors}.
 * @param weight of the identity loss; undefined: the auto-encoder alone
 */
export async function identityReferences(
  folder: string,
  training: IdentityTraining,
  weight: number | undefined,
  faces: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const out =
    weight === undefined ? autoEncoderFolder(folder, training) : weightFolder(folder, training, weight);
  const generator = await readGenerator(generatorIn(out));
  try {
    const levels = faces.map((face) => Float32Array.from(face, (level) => level / 255));
    return referencesOf(generator, levels).map(asBytes);
  } finally {
    disposeVariables(generator.variables);
  }
}

function autoEncoderFolder(folder: string, { autoEncoderSteps }: IdentityTraining): string {
  return join(folder, `auto-encoder-${autoEncoderSteps}`);
}

function weightFolder(folder: string, training: IdentityTraining, weight: number): string {
  const { scale, steps } = training;
  return join(autoEncoderFolder(folder, training), `weight-${weight}-times-${scale}-steps-${steps}`);
}

function generatorIn(out: string): string {
  return join(out, 'last.bin');
}

function asBytes(levels: Float32Array): Uint8Array {
  return Uint8Array.from(levels, (level) => Math.round(255 * level));
}

async function judge(set: FaceCache, file: string): Promise<IdentityJudgement> {
  const generator = await readGenerator(file);
  const heldOut = set.faces.map(({ subject }) => isHeldOut(subject, HOLD_OUT));
  const distances = identityDistances(
    set,
    (index) => {
      const face = Float32Array.from(faceOfCanvas(canvasOf(set, index)), (level) => level / 255);
      const [reference] = referencesOf(generator, [face]);
      if (!reference) throw new Error('the generator gave no reference');
      return asBytes(reference);
    },
    { only: (index) => heldOut[index] === true },
  );
  disposeVariables(generator.variables);
  const { threshold } = distances;
  if (threshold === undefined) {
    throw new DeadpanError(
      'E_DATA',
      `${set.name} has too few people with two pictures to tell people apart by.`,
      {
        advice: 'Leave the figure "identity" out.',
      },
    );
  }
  return { errors: threshold.errors, threshold: threshold.distance, distances };
}

function autoEncoderRecipe(steps: number, filmed: boolean): HngRecipe {
  return hngRecipeSchema.parse({
    ...COMMON,
    ...{ name: 'auto-encoder', sources: sourcesOf(filmed), gridEvery: steps },
    mix: { pairs: 0, loosePairs: 0, neutral: 32, alone: 0 },
    weights: { ...NO_LOSS, pixel: 1 },
    schedule: { peak: 1e-3, warmUp: 0, steps, floor: 0.1 },
  });
}

function recipeWith(identity: number, steps: number, filmed: boolean): HngRecipe {
  return hngRecipeSchema.parse({
    ...COMMON,
    ...{ name: `identity-${identity}`, start: 'checkpoint', sources: sourcesOf(filmed), gridEvery: steps },
    mix: { pairs: filmed ? 16 : 0, loosePairs: filmed ? 0 : 16, neutral: 0, alone: 0 },
    weights: {
      ...NO_LOSS,
      ...{ feature: 1, identity, pixel: filmed ? 0.01 : 0, symmetry: 0.3, adversarial: 0.1 },
    },
    schedule: { peak: 1e-4, warmUp: 0, steps, floor: 1 },
  });
}

const sourcesOf = (filmed: boolean): object[] => [{ cache: NAME, holdOutEvery: HOLD_OUT, sameLight: filmed }];

const LOSSES = ['feature', 'identity', 'pixel', 'symmetry', 'adversarial', 'expression', 'change'];
const NO_LOSS = Object.fromEntries(LOSSES.map((name) => [name, 0]));

const COMMON = {
  ...{ kind: 'hng', seed: 1, network: 'plain-32', discriminator: 32, symmetrySpace: 'pixel' },
  ...{ featureLayer: 'conv64_3/relu', identityLayers: ['conv128_2/relu', 'conv256_2/relu'] },
  ...{ adversarialFrom: 0, average: 0.99, checkpointEvery: 100 },
};

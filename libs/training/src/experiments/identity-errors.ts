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

/** A row of the paper's Table 1. */
export interface IdentityErrors {
  /** Weight of the identity loss. */
  readonly weight: number;
  /** Training steps of the generator. */
  readonly steps: number;
  /** Share of the references that lie beyond the distance that tells this set's people apart best. */
  readonly errors: number;
  readonly threshold: number;
  /** Of the faces that were judged; undefined where they were judged by a version that did not keep them. */
  readonly distances: IdentityDistances | undefined;
}

/** About one person in so many is held out and judged on. */
const HOLD_OUT = 5;
const NAME = 'identity';

/**
 * Trains the paper's plain generator (32 channels, M1's other weights) once for each weight of the identity loss, each
 * from the same start on the same batches, and counts identity errors on the expressive faces of people who were held
 * out. A weight that is done is not done again. Frames of sequences pair in the same light; other pictures do not, so
 * that L_pixel, which would teach the light, is left out.
 * @param folder where the generators go
 * @throws DeadpanError E_DATA where the set has nobody with a neutral and another expression, or too few people
 */
export async function identityErrors(
  set: FaceCache,
  folder: string,
  weights: readonly number[],
  steps: number,
  onProgress: (task: string, done: number, of: number) => void,
): Promise<IdentityErrors[]> {
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
  const rows: IdentityErrors[] = [];
  for (const weight of weights) {
    const out = generatorFolder(folder, weight, steps);
    const file = join(out, 'errors.json');
    if (!existsSync(file)) {
      const task = `identity weight ${weight}`;
      await trainHng(recipeWith(weight, steps, filmed), {
        data: folder,
        out,
        onProgress: ({ step, steps: of }) => {
          onProgress(task, step, of);
        },
      });
      await writeWhole(file, `${JSON.stringify(await judge(set, weight, steps, out))}\n`);
    }
    rows.push({ ...(JSON.parse(await readFile(file, 'utf8')) as IdentityErrors), steps });
  }
  return rows;
}

/** References of 64x64 grey bytes by the generator that {@link identityErrors} trained with a weight. */
export async function identityReferences(
  folder: string,
  weight: number,
  steps: number,
  faces: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const generator = await readGenerator(join(generatorFolder(folder, weight, steps), 'last.bin'));
  try {
    const levels = faces.map((face) => Float32Array.from(face, (level) => level / 255));
    return referencesOf(generator, levels).map(asBytes);
  } finally {
    disposeVariables(generator.variables);
  }
}

function generatorFolder(folder: string, weight: number, steps: number): string {
  return join(folder, `weight-${weight}-steps-${steps}`);
}

function asBytes(levels: Float32Array): Uint8Array {
  return Uint8Array.from(levels, (level) => Math.round(255 * level));
}

async function judge(set: FaceCache, weight: number, steps: number, out: string): Promise<IdentityErrors> {
  const generator = await readGenerator(join(out, 'last.bin'));
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
  return { weight, steps, errors: threshold.errors, threshold: threshold.distance, distances };
}

function recipeWith(identity: number, steps: number, filmed: boolean): HngRecipe {
  return hngRecipeSchema.parse({
    kind: 'hng',
    name: `identity-${identity}`,
    seed: 1,
    network: 'plain-32',
    discriminator: 32,
    sources: [{ cache: NAME, holdOutEvery: HOLD_OUT, sameLight: filmed }],
    mix: { pairs: filmed ? 16 : 0, loosePairs: filmed ? 0 : 16, neutral: 0, alone: 0 },
    weights: {
      feature: 1,
      identity,
      pixel: filmed ? 0.01 : 0,
      symmetry: 0.3,
      adversarial: 0.1,
      expression: 0,
      change: 0,
    },
    symmetrySpace: 'pixel',
    featureLayer: 'conv64_3/relu',
    identityLayers: ['conv128_2/relu', 'conv256_2/relu'],
    schedule: { peak: 1e-4, warmUp: 0, steps, floor: 1 },
    adversarialFrom: 0,
    average: 0.99,
    checkpointEvery: 100,
    gridEvery: steps,
  });
}

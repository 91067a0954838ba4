import type { HngArtifact } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { readCheckpoint } from '../checkpoint.js';
import { centreCrop } from '../datasets/augment-face.js';
import { readFaceCache } from '../datasets/face-cache.js';
import { generatorFace, generatorSide, hngPools } from '../datasets/hng-pools.js';
import { meanDifference, structuralSimilarity } from '../metrics/image-similarity.js';
import { createVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import type { HngRecipe } from '../recipe.js';
import { exportHngModel } from './export-model.js';
import type { Model } from './hng-step.js';
import { hngCard, usedDataSets } from './model-card.js';
import { hngNetworkNamed, referencesOf } from './train-hng.js';

/** What to release. */
export interface ReleaseHngOptions {
  /** `last.bin` of a run. */
  readonly checkpoint: string;
  /** Folder of the face caches. */
  readonly data: string;
  /** Folder to write model.onnx, artifact.json and card.md to. */
  readonly out: string;
  readonly version: string;
  /** Numbers that were measured elsewhere, with other networks, each with a sentence for the card. */
  readonly measured?: readonly { readonly name: string; readonly value: number; readonly sentence: string }[];
}

/** A trained generator, to be run. */
export async function readGenerator(checkpoint: string): Promise<Model> {
  const { state, tensors } = await readCheckpoint<{ recipe: HngRecipe }>(checkpoint);
  const network = hngNetworkNamed(state.recipe.network);
  return { network, variables: createVariables(network, createRandom(0), tensors) };
}

/**
 * Measures a trained generator on pairs of people who were held out, same light, and exports it with its card.
 * @throws DeadpanError E_TRAINING, E_INPUT_MISSING
 */
export async function releaseHng(options: ReleaseHngOptions): Promise<HngArtifact> {
  const { state, tensors } = await readCheckpoint<{ recipe: HngRecipe }>(options.checkpoint);
  const { recipe } = state;
  const model = await readGenerator(options.checkpoint);
  const sources = await Promise.all(
    recipe.sources.map(async ({ cache, ...source }) => ({
      ...source,
      cache: await readFaceCache(options.data, cache),
    })),
  );
  const { pairs } = hngPools(sources, 'heldOut');
  if (pairs.length === 0)
    throw new DeadpanError('E_TRAINING', 'The data has no held-out pairs in the same light.');
  const inputs = pairs.map(({ input }) => generatorFace(input, centreCrop));
  const targets = pairs.map(({ target }) => generatorFace(target, centreCrop));
  const references = referencesOf(model, inputs);
  const mean = (of: (input: Float32Array, target: Float32Array, reference: Float32Array) => number): number =>
    inputs.reduce((sum, input, i) => sum + of(input, targets[i] ?? input, references[i] ?? input), 0) /
    inputs.length;
  const metrics = {
    pairs: pairs.length,
    'difference input neutral': mean((input, target) => meanDifference(input, target)),
    'difference reference neutral': mean((_, target, reference) => meanDifference(reference, target)),
    'similarity input neutral': mean((input, target) => structuralSimilarity(input, target, generatorSide)),
    'similarity reference neutral': mean((_, target, reference) =>
      structuralSimilarity(reference, target, generatorSide),
    ),
    ...Object.fromEntries((options.measured ?? []).map(({ name, value }) => [name, value])),
  };
  const measured = [
    `${pairs.length} pairs of smile and neutral face in the same light (London set): mean difference to the true neutral face ${metrics['difference input neutral'].toFixed(4)} before and ${metrics['difference reference neutral'].toFixed(4)} after, structural similarity ${metrics['similarity input neutral'].toFixed(3)} before and ${metrics['similarity reference neutral'].toFixed(3)} after.`,
    ...(options.measured ?? []).map(({ sentence }) => sentence),
  ];
  const dataSets = usedDataSets(
    sources.map(({ cache }) => ({ name: cache.name, images: cache.faces.length })),
  );
  const facts = { version: options.version, recipe: recipe.name, dataSets };
  return exportHngModel(options.out, model.network, tensors, {
    ...facts,
    metrics,
    card: hngCard({ ...facts, name: model.network.name, measured }),
  });
}

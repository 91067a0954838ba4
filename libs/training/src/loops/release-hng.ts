import {
  buildHngModel,
  floatOutput,
  type HngArtifact,
  type Network,
  type Parameters,
  type Session,
  type Tensors,
} from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { centreCrop } from '../datasets/augment-face.js';
import { readFaceCache, type FaceCache } from '../datasets/face-cache.js';
import { generatorFace, generatorSide, hngPools } from '../datasets/hng-pools.js';
import { meanDifference, peakSignalToNoise, structuralSimilarity } from '../metrics/image-similarity.js';
import { createVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import { readTrainedGenerator } from '../trained-network.js';
import { exportHngModel, requireParity } from './export-model.js';
import type { Model } from './hng-step.js';
import type { GeneratorJudgement } from './generator-judgement.js';
import { quantile } from './intensity-scale.js';
import { hngCard, titleOf, usedDataSets } from './model-card.js';
import { CALIBRATION_FACES, evenly, storeWeights, withModel, type WeightChoice } from './store-weights.js';
import { referencesOf } from './references-of.js';

/** What to release. */
export interface ReleaseHngOptions {
  /** `last.bin` of a run. */
  readonly checkpoint: string;
  /** Folder of the face caches. */
  readonly data: string;
  /** Folder to write model.onnx, artifact.json and card.md to. */
  readonly out: string;
  readonly version: string;
  /** What other networks say of the references. */
  readonly judgement?: GeneratorJudgement | undefined;
  /** How to store the weights. */
  readonly weights: WeightChoice;
}

/** How near the references of a model of integers must be to those of floats, in dB, for 99 of 100 faces. */
const LEAST_PSNR = 40;

/**
 * A trained generator, to be run.
 * @throws DeadpanError E_TRAINING
 */
export async function readGenerator(checkpoint: string): Promise<Model> {
  return modelOf(await readTrainedGenerator(checkpoint));
}

function modelOf({ network, parameters }: { network: Network; parameters: Parameters }): Model {
  return { network, variables: createVariables(network, createRandom(0), parameters) };
}

/**
 * Measures a trained generator on pairs of people who were held out, same light, and exports it with its card.
 * The numbers are of the model as it is written.
 * @throws DeadpanError E_TRAINING, E_INPUT_MISSING
 */
export async function releaseHng(options: ReleaseHngOptions): Promise<HngArtifact> {
  const trainedNetwork = await readTrainedGenerator(options.checkpoint);
  const { recipe, parameters } = trainedNetwork;
  const model = modelOf(trainedNetwork);
  const sources = await Promise.all(
    recipe.sources.map(async ({ cache, ...source }) => ({
      ...source,
      cache: await readFaceCache(options.data, cache),
    })),
  );
  const { pairs, alone } = hngPools(sources, 'heldOut');
  if (pairs.length === 0)
    throw new DeadpanError('E_TRAINING', 'The data has no held-out pairs in the same light.', {
      advice:
        'A source with "sameLight" must hold out somebody ("holdOutEvery") who is seen neutral and otherwise.',
    });
  const inputs = pairs.map(({ input }) => generatorFace(input, centreCrop));
  const targets = pairs.map(({ target }) => generatorFace(target, centreCrop));
  const others = alone.map((face) => generatorFace(face, centreCrop));
  const faces = [...inputs, ...others];
  const trained = referencesOf(model, faces);
  const float32 = buildHngModel(model.network, parameters);
  const exported = await withModel(float32, (session) => makeReferences(session, faces));
  requireParity(model.network.name, exported, trained);

  const nearness = (made: readonly Float32Array[]): number =>
    quantile(
      made.map((reference, i) => peakSignalToNoise(reference, trained[i] ?? reference)),
      0.01,
    );
  const stored = await storeWeights(
    options.weights,
    model.network,
    float32,
    sources.map(({ cache }) => someFaces(cache, CALIBRATION_FACES / sources.length)),
    (smaller) =>
      withModel(smaller, async (session) => nearness(await makeReferences(session, faces)) >= LEAST_PSNR),
  );
  const references = await withModel(stored.model, (session) => makeReferences(session, faces));
  const mean = (of: (input: Float32Array, target: Float32Array, reference: Float32Array) => number): number =>
    inputs.reduce((sum, input, i) => sum + of(input, targets[i] ?? input, references[i] ?? input), 0) /
    inputs.length;
  const metrics = {
    pairs: pairs.length,
    'least PSNR to float32': Math.min(99, nearness(references)),
    'difference input neutral': mean((input, target) => meanDifference(input, target)),
    'difference reference neutral': mean((_, target, reference) => meanDifference(reference, target)),
    'similarity input neutral': mean((input, target) => structuralSimilarity(input, target, generatorSide)),
    'similarity reference neutral': mean((_, target, reference) =>
      structuralSimilarity(reference, target, generatorSide),
    ),
    ...options.judgement?.metrics,
  };
  const pairSets = [...new Set(pairs.map(({ input }) => titleOf(input.cache.name)))].join(', ');
  const measured = [
    `${pairs.length} pairs of expressive and neutral face in the same light (${pairSets}): mean difference to the true neutral face ${metrics['difference input neutral'].toFixed(4)} before and ${metrics['difference reference neutral'].toFixed(4)} after, structural similarity ${metrics['similarity input neutral'].toFixed(3)} before and ${metrics['similarity reference neutral'].toFixed(3)} after.`,
    ...(options.judgement?.sentences ?? []),
  ];
  const dataSets = usedDataSets(
    sources.map(({ cache }) => ({ name: cache.name, images: cache.faces.length })),
  );
  const facts = { version: options.version, recipe: recipe.name, dataSets };
  return exportHngModel(options.out, model.network, stored, {
    ...facts,
    metrics,
    card: hngCard({
      ...facts,
      name: model.network.name,
      measured,
      parts: options.judgement?.parts ?? [],
      weights: stored.format,
      leastPsnr: metrics['least PSNR to float32'],
    }),
  });
}

function tensorsOf(faces: readonly Float32Array[]): Tensors {
  const size = generatorSide * generatorSide;
  const data = new Float32Array(faces.length * size);
  faces.forEach((face, row) => {
    data.set(face, row * size);
  });
  return { face: { dims: [faces.length, 1, generatorSide, generatorSide], data } };
}

/** Some faces of a cache as the generator reads them, evenly spaced. */
function someFaces(cache: FaceCache, count: number): Tensors {
  const indices = evenly(cache.faces.length, Math.round(count));
  return tensorsOf(indices.map((index) => generatorFace({ cache, index }, centreCrop)));
}

/** The references that a finished model makes of aligned 64x64 faces, grey levels 0..1. */
export async function makeReferences(
  session: Session,
  faces: readonly Float32Array[],
  batch = 32,
): Promise<Float32Array[]> {
  const size = generatorSide * generatorSide;
  const references: Float32Array[] = [];
  for (let start = 0; start < faces.length; start += batch) {
    const part = faces.slice(start, start + batch);
    const { data } = floatOutput(await session.run(tensorsOf(part)), 'reference');
    part.forEach((_, row) => references.push(data.slice(row * size, (row + 1) * size)));
  }
  return references;
}

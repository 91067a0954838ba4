import type { FerArtifact } from '@deadpan/nets';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import { readCheckpoint } from '../checkpoint.js';
import { centreCrop } from '../datasets/augment-face.js';
import { readFaceCache, type FaceCache } from '../datasets/face-cache.js';
import { generatorFace } from '../datasets/hng-pools.js';
import { isHeldOut } from '../datasets/split-subjects.js';
import { fitTemperature } from '../metrics/calibration.js';
import { ferNetworkNamed } from '../networks/fer-networks.js';
import { createVariables, disposeVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import type { FerRecipe } from '../recipe.js';
import { predictFaces, reportOn } from './evaluate-fer.js';
import { exportFerModel } from './export-model.js';
import type { Model } from './hng-step.js';
import { intensityScale, referenceDistances } from './intensity-scale.js';
import { ferCard, usedDataSets } from './model-card.js';
import { referencesOf } from './train-hng.js';

/** What to release. */
export interface ReleaseFerOptions {
  /** `best.bin` or `last.bin` of a run. */
  readonly checkpoint: string;
  /** Folder of the face caches. */
  readonly data: string;
  /** Folder to write model.onnx, artifact.json and card.md to. */
  readonly out: string;
  readonly version: string;
  /** The generator, for the scale of the intensity. */
  readonly generator: Model;
}

// Share of the votes from which on a face counts as clearly neutral or expressive.
const CLEAR = 0.8;

/**
 * Measures a trained expression network, calibrates its temperature and intensity on the validation cache, and exports
 * it with its card.
 * @throws DeadpanError E_TRAINING, E_INPUT_MISSING
 */
export async function releaseFer(options: ReleaseFerOptions): Promise<FerArtifact> {
  const { state, tensors } = await readCheckpoint<{ recipe: FerRecipe }>(options.checkpoint);
  const { recipe } = state;
  const network = ferNetworkNamed(recipe.network);
  const variables = createVariables(network, createRandom(0), tensors);
  const validation = await readFaceCache(options.data, recipe.validation);
  const sources = await Promise.all(
    recipe.sources.map(async (source) => ({
      ...source,
      cache: await readFaceCache(options.data, source.cache),
    })),
  );

  const predictions = predictFaces(network, variables, validation);
  const temperature = fitTemperature(predictions.logits, predictions.labels);
  const report = reportOn(predictions, temperature);
  const heldOut = sources
    .filter(({ holdOutEvery }) => holdOutEvery > 0)
    .map(({ cache, holdOutEvery }) => ({
      name: cache.name,
      report: reportOn(
        predictFaces(network, variables, cache, ({ subject }) => isHeldOut(subject, holdOutEvery)),
        temperature,
      ),
    }));

  const distances = (clear: (label: number) => boolean): number[] => {
    const faces = clearFaces(validation, clear);
    return referenceDistances(network, variables, faces, referencesOf(options.generator, faces));
  };
  const intensity = intensityScale(
    distances((label) => label === 0),
    distances((label) => label !== 0),
  );
  disposeVariables(variables);

  const dataSets = usedDataSets([
    ...sources.map(({ cache }) => ({ name: cache.name, images: cache.faces.length })),
    { name: validation.name, images: validation.faces.length },
  ]);
  const facts = { name: network.name, version: options.version, recipe: recipe.name, dataSets };
  const metrics: Record<string, number> = {
    accuracy: report.accuracy,
    classMeanAccuracy: report.classMeanAccuracy,
    macroF1: report.macroF1,
    calibrationError: report.calibrationError,
    ...Object.fromEntries(CLASSES.map((name, k) => [`recall ${name}`, report.perClass[k]?.recall ?? 0])),
    ...Object.fromEntries(
      heldOut.map(({ name, report: other }) => [`accuracy ${name} held out`, other.accuracy]),
    ),
  };
  const exported = { version: facts.version, recipe: facts.recipe, dataSets: facts.dataSets };
  return exportFerModel(options.out, network, tensors, {
    ...exported,
    metrics,
    temperature,
    intensity,
    card: ferCard({ ...facts, validation: report, temperature, heldOut }),
  });
}

/** The aligned 64x64 faces of a cache, grey levels 0..1, whose taggers agreed on a label that passes. */
function clearFaces(cache: FaceCache, passes: (label: number) => boolean): Float32Array[] {
  const faces = cache.faces.flatMap(({ label, target }, index) =>
    label !== undefined && passes(label) && (target?.[label] ?? 0) >= CLEAR
      ? [generatorFace({ cache, index }, centreCrop)]
      : [],
  );
  if (faces.length === 0)
    throw new DeadpanError(
      'E_TRAINING',
      `The cache ${cache.name} has no faces to calibrate the intensity on.`,
    );
  return faces;
}

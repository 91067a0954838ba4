import { buildFerModel, type FerArtifact, type Tensors } from '@deadpan/nets';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import { centreCrop, cropSide } from '../datasets/augment-face.js';
import { readFaceCache, type FaceCache } from '../datasets/face-cache.js';
import { generatorFace } from '../datasets/hng-pools.js';
import { isHeldOut } from '../datasets/split-subjects.js';
import { fitTemperature } from '../metrics/calibration.js';
import { createVariables, disposeVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import { readTrainedExpression } from '../trained-network.js';
import { answersAt, answersOf, expressionInputs, predictFaces, reportOn } from './evaluate-fer.js';
import { exportFerModel, requireParity } from './export-model.js';
import type { GroupAccuracy } from './group-report.js';
import type { Model } from './hng-step.js';
import { intensityScale, referenceDistances } from './intensity-scale.js';
import { ferCard, usedDataSets } from './model-card.js';
import { CALIBRATION_FACES, evenly, storeWeights, withModel, type WeightChoice } from './store-weights.js';
import { referencesOf } from './references-of.js';

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
  /** How to store the weights. */
  readonly weights: WeightChoice;
  /** What was measured on groups of people, for the card. */
  readonly groups?: readonly GroupAccuracy[];
}

/** Most of the accuracy on the validation cache that integers may cost. */
const MOST_LOST = 0.003;

// Share of the votes from which on a face counts as clearly neutral or expressive.
const CLEAR = 0.8;

/**
 * Measures a trained expression network, calibrates its temperature and intensity on the validation cache, and exports
 * it with its card. Every number but `accuracy float32` is of the model as it is written.
 * @throws DeadpanError E_TRAINING, E_INPUT_MISSING
 */
export async function releaseFer(options: ReleaseFerOptions): Promise<FerArtifact> {
  const { recipe, network, parameters, meanOf } = await readTrainedExpression(options.checkpoint);
  const variables = createVariables(network, createRandom(0), parameters);
  const validation = await readFaceCache(options.data, recipe.validation);
  const sources = await Promise.all(
    recipe.sources.map(async (source) => ({
      ...source,
      cache: await readFaceCache(options.data, source.cache),
    })),
  );

  const predictions = predictFaces(network, variables, validation, { mirror: true });
  disposeVariables(variables);
  const temperature = fitTemperature(predictions.logits, predictions.labels);
  const trained = answersAt(predictions, temperature);
  const float32 = buildFerModel(network, parameters, { temperature, mirror: true });
  const exported = await withModel(float32, (session) => answersOf(session, validation));
  requireParity(network.name, exported.probabilities, trained.probabilities);

  const { accuracy: accuracyFloat32 } = reportOn(trained);
  const stored = await storeWeights(
    options.weights,
    network,
    float32,
    sources.map(({ cache }) => someFaces(cache, CALIBRATION_FACES / sources.length)),
    (model) =>
      withModel(model, async (session) => {
        const { accuracy } = reportOn(await answersOf(session, validation));
        return accuracyFloat32 - accuracy <= MOST_LOST;
      }),
  );
  const { report, heldOut, intensity } = await withModel(stored.model, async (session) => {
    const others = [];
    for (const { cache, holdOutEvery } of sources.filter((source) => source.holdOutEvery > 0)) {
      const answers = await answersOf(session, cache, ({ subject }) => isHeldOut(subject, holdOutEvery));
      // A small set may have nobody whose hash holds them out.
      if (answers.labels.length === 0) continue;
      others.push({ name: cache.name, report: reportOn(answers) });
    }
    const distances = async (clear: (label: number) => boolean): Promise<number[]> => {
      const faces = clearFaces(validation, clear);
      return referenceDistances(session, faces, referencesOf(options.generator, faces));
    };
    return {
      report: reportOn(await answersOf(session, validation)),
      heldOut: others,
      intensity: intensityScale(
        await distances((label) => label === 0),
        await distances((label) => label !== 0),
      ),
    };
  });

  const dataSets = usedDataSets([
    ...sources.map(({ cache }) => ({ name: cache.name, images: cache.faces.length })),
    { name: validation.name, images: validation.faces.length },
  ]);
  const facts = { version: options.version, recipe: recipe.name, dataSets, ...(meanOf && { meanOf }) };
  const metrics: Record<string, number> = {
    accuracy: report.accuracy,
    'accuracy float32': accuracyFloat32,
    classMeanAccuracy: report.classMeanAccuracy,
    macroF1: report.macroF1,
    calibrationError: report.calibrationError,
    ...Object.fromEntries(CLASSES.map((name, k) => [`recall ${name}`, report.perClass[k]?.recall ?? 0])),
    ...Object.fromEntries(
      heldOut.map(({ name, report: other }) => [`accuracy ${name} held out`, other.accuracy]),
    ),
  };
  return exportFerModel(options.out, network, stored, {
    ...facts,
    metrics,
    temperature,
    intensity,
    card: ferCard({
      ...facts,
      name: network.name,
      validationSet: validation.name,
      validation: report,
      temperature,
      heldOut,
      groups: options.groups ?? [],
      weights: stored.format,
      accuracyFloat32,
    }),
  });
}

/** Some faces of a cache as the network reads them, evenly spaced. */
function someFaces(cache: FaceCache, count: number): Tensors {
  const indices = evenly(cache.faces.length, Math.round(count));
  return { face: { dims: [indices.length, 1, cropSide, cropSide], data: expressionInputs(cache, indices) } };
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

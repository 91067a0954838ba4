import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLASSES, DeadpanError, type ExpressionClass } from '@deadpan/shared';
import { canvasOf, canvasSide, faceOfCanvas, withFace, type FaceCache } from '../datasets/face-cache.js';
import type { Deal, Split } from '../protocols/folds.js';
import { paperIdentityWeights } from '../protocols/paper-results.js';
import { frozenFeatures, type FrozenFeatures } from './frozen-features.js';
import {
  identityErrors,
  identityReferences,
  type IdentitySweep,
  type IdentityTraining,
} from './identity-errors.js';
import { identityDistances, type IdentityDistances } from './identity-distances.js';
import { keepTo } from './keep-to.js';
import type { MethodName } from './method.js';
import { planRuns, paperSlope, runName } from './run-plan.js';
import {
  confusionOf,
  summarizeMethods,
  summarizeSweep,
  summarizeTimes,
  type MethodSummary,
  type SweepPoint,
  type TimeSummary,
} from './summary.js';
import { trainRun, type ExperimentFaces, type RunResult, type Training } from './train-run.js';
import { trunkNamed, type TrunkName } from './trunk.js';
import { writeWhole } from '../write-whole.js';

/** Figures that cost time of their own; the tables, curves and confusion matrices are always there. */
export const figureNames = ['gamma', 'slope', 'distances', 'faces', 'identity'] as const;

/** One of {@link figureNames}. */
export type FigureName = (typeof figureNames)[number];

/** Generates the neutral references of aligned 64x64 faces, grey levels 0..255. */
export type ReferencesOf = (faces: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;

/** An experiment. */
export interface ExperimentOptions {
  readonly title: string;
  /** Faces with a label; those without take no part. */
  readonly set: FaceCache;
  readonly splits: readonly Split[];
  /** How the people were dealt into the splits; undefined where these are given. */
  readonly deal: Deal | undefined;
  /** Whether accuracy counts sequences. */
  readonly bySequence: boolean;
  readonly methods: readonly MethodName[];
  /** Splits to run, from the first. */
  readonly folds: number;
  readonly seeds: readonly number[];
  readonly gamma: number;
  readonly trunk: TrunkName;
  readonly training: Training;
  readonly figures: readonly FigureName[];
  /** For the figure `identity`. */
  readonly identity: IdentityTraining;
  /** Folder of what is worked out: references, features, one file a run. */
  readonly out: string;
  readonly referencesOf: ReferencesOf;
  /** SHA-256 of the generator behind {@link referencesOf}. */
  readonly generator: string;
  readonly onProgress?: (progress: ExperimentProgress) => void;
  /** Stops it; runs that are done are kept, and the same call goes on from there. */
  readonly signal?: AbortSignal;
}

/** Told while an experiment runs. */
export interface ExperimentProgress {
  readonly task: string;
  readonly done: number;
  readonly of: number;
  /** Steps of training left in this and all later runs, and those done since the call began. */
  readonly stepsLeft: number;
  readonly stepsDone: number;
}

/** A face and what is generated from it, 64x64 grey bytes (Fig. 5 and 9). */
export interface FacePicture {
  readonly expression: ExpressionClass;
  readonly face: Uint8Array;
  /** Another face of the same person, neutral; undefined where the set has none. */
  readonly target: Uint8Array | undefined;
  readonly reference: Uint8Array;
  /**
   * References of the plain generators with and without the identity loss, and of the auto-encoder alone; none unless the
   * figure `identity` made them.
   */
  readonly plain: readonly { readonly title: string; readonly reference: Uint8Array }[];
}

/** What an experiment came to. */
export interface ExperimentResults {
  readonly title: string;
  readonly classes: readonly ExpressionClass[];
  readonly faces: number;
  readonly subjects: number;
  readonly counts: readonly number[];
  readonly splits: readonly {
    readonly name: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  }[];
  readonly deal: Deal | undefined;
  readonly bySequence: boolean;
  readonly folds: number;
  readonly trunk: TrunkName;
  readonly training: Training;
  readonly queries: number;
  readonly methods: readonly MethodSummary[];
  readonly times: readonly TimeSummary[];
  readonly gammaSweep: readonly SweepPoint[];
  readonly slopeSweep: readonly SweepPoint[];
  readonly distances: IdentityDistances | undefined;
  /** By the weight of the identity loss; undefined unless asked for. */
  readonly identityErrors: IdentitySweep | undefined;
  readonly runs: readonly RunResult[];
}

/**
 * Trains every method on every split and seed, and sums up. What is done is kept in `out` as a file a run and not done
 * again; a folder takes runs of one experiment only.
 * @throws DeadpanError E_TRAINING for another experiment's folder, E_DATA for faces that cannot be split, E_INTERRUPTED
 * when the signal stopped it
 */
export async function runExperiment(
  options: ExperimentOptions,
): Promise<{ results: ExperimentResults; pictures: readonly FacePicture[] }> {
  const { set, splits, out, trunk: trunkName, training, onProgress, signal } = options;
  await mkdir(join(out, 'runs'), { recursive: true });
  await mkdir(join(out, 'features'), { recursive: true });
  const classes = [...new Set(set.faces.flatMap(({ label }) => label ?? []))].sort((a, b) => a - b);
  checkFaces(set, classes, splits);
  const settings = {
    title: options.title,
    faces: set.faces.length,
    set: createHash('sha256').update(JSON.stringify(set.faces)).update(set.pixels).digest('hex'),
    classes,
    splits: splits.length,
    generator: options.generator,
    trunk: trunkName,
    training,
    // Interleaved folds go without saying, as in folders of versions that knew no other.
    ...(options.deal === 'blocks' ? { deal: options.deal } : {}),
  };
  await keepTo(join(out, 'experiment.json'), settings, 'faces, folds, generator, trunk or training');

  const say = (task: string, done: number, of: number, stepsLeft = 0, stepsDone = 0): void => {
    if (signal?.aborted === true) {
      throw new DeadpanError(
        'E_INTERRUPTED',
        'Interrupted. The runs that are done are kept, and the same command goes on from there.',
      );
    }
    onProgress?.({ task, done, of, stepsLeft, stepsDone });
  };
  const references = await referencesFor(set, out, options.referencesOf, (done, of) => {
    say('references', done, of);
  });
  const referenceAt = (index: number): Uint8Array =>
    withFace(canvasOf(set, index), faceAt(references, index));
  const everyFace = set.faces.map((_, index) => index);
  const trains = new Set(splits.slice(0, options.folds).flatMap(({ train }) => train));
  const trainFaces = everyFace.filter((index) => trains.has(index));
  const features = async (
    name: string,
    canvasAt: (index: number) => Uint8Array,
    plain: readonly number[],
  ): Promise<FrozenFeatures> =>
    frozenFeatures(
      trunkNamed(trunkName, classes.length, paperSlope),
      set.faces.length,
      canvasAt,
      { plain, mirrored: trainFaces },
      join(out, 'features'),
      name,
      (done, of) => {
        say(`features of ${name}`, done, of);
      },
    );
  const faces: ExperimentFaces = {
    labels: set.faces.map(({ label }) => classes.indexOf(label ?? -1)),
    subjects: set.faces.map(({ subject }) => subject),
    sequences: set.faces.map(({ sequence }) => sequence),
    classes: classes.length,
    neutral: classes.includes(0) ? classes.indexOf(0) : undefined,
    faces: await features('faces', (index) => canvasOf(set, index), everyFace),
    references: await features('references', referenceAt, trainFaces),
  };

  const plan = planRuns({
    ...options,
    gammaFigure: options.figures.includes('gamma'),
    slopeFigure: options.figures.includes('slope'),
  });
  const done = new Set(plan.map(runName).filter((name) => existsSync(join(out, 'runs', `${name}.json`))));
  let stepsDone = 0;
  for (const spec of plan) {
    const name = runName(spec);
    if (done.has(name)) continue;
    const split = splits[spec.fold];
    if (!split) throw new Error(`there is no split ${spec.fold}`);
    const left = (plan.length - done.size) * training.steps;
    const trunk = trunkNamed(trunkName, classes.length, spec.alpha);
    const result = await trainRun(spec, trunk, training, faces, split, (step) => {
      say(name, done.size, plan.length, left - step, ++stepsDone);
    });
    await writeWhole(join(out, 'runs', `${name}.json`), `${JSON.stringify(result)}\n`);
    done.add(name);
  }
  const runs = await runsIn(join(out, 'runs'), options.folds);
  const errors = options.figures.includes('identity')
    ? await identityErrors(set, join(out, 'identity'), options.identity, say)
    : undefined;
  const results = { ...sumUp(options, classes, references, runs, say), identityErrors: errors };
  return { results, pictures: options.figures.includes('faces') ? await gridOf(options, references) : [] };
}

/** All runs that a folder holds, whichever call they were asked for in, of the first so many splits. */
async function runsIn(folder: string, folds: number): Promise<RunResult[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const runs = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as RunResult),
  );
  return runs.filter(({ fold }) => fold < folds);
}

function sumUp(
  options: ExperimentOptions,
  classes: readonly number[],
  references: Uint8Array,
  runs: readonly RunResult[],
  say: (task: string, done: number, of: number) => void,
): Omit<ExperimentResults, 'identityErrors'> {
  const { set, splits, bySequence, figures } = options;
  const first = runs.filter(({ fold }) => fold === 0);
  const radial = first.filter(({ method }) => method === 'radial');
  const alone = first.filter(({ method }) => method === 'softmax');
  return {
    title: options.title,
    classes: classes.flatMap((label) => CLASSES[label] ?? []),
    faces: set.faces.length,
    subjects: new Set(set.faces.flatMap(({ subject }) => subject ?? [])).size,
    counts: classes.map((label) => set.faces.filter((face) => face.label === label).length),
    splits: splits.map(({ name, train, validation, test }) => ({
      name,
      train: train.length,
      validation: validation.length,
      test: test.length,
    })),
    deal: options.deal,
    bySequence,
    folds: options.folds,
    trunk: options.trunk,
    training: options.training,
    queries: classes.length * options.training.perClass,
    methods: summarizeMethods(runs, bySequence),
    times: summarizeTimes(runs),
    gammaSweep: summarizeSweep(
      [...alone, ...radial].filter(({ alpha }) => alpha === paperSlope),
      bySequence,
      ({ method, gamma }) => (method === 'softmax' ? 0 : gamma),
    ),
    slopeSweep: summarizeSweep(
      radial.filter(({ gamma }) => gamma === options.gamma),
      bySequence,
      ({ alpha }) => alpha,
    ),
    distances: figures.includes('distances')
      ? identityDistances(set, (index) => faceAt(references, index), {
          onProgress: (done, of) => {
            say('identity distances', done, of);
          },
        })
      : undefined,
    runs: runs.map((run) => ({
      ...run,
      confusion: confusionOf(run, bySequence),
      sequenceConfusion: undefined,
    })),
  };
}

function checkFaces(set: FaceCache, classes: readonly number[], splits: readonly Split[]): void {
  const names = (labels: readonly number[]) => labels.map((label) => CLASSES[label] ?? '').join(', ');
  if (set.faces.some(({ label }) => label === undefined))
    throw new Error('faces without a label take no part');
  if (classes.length < 2) {
    throw new DeadpanError('E_DATA', `${set.name} has faces of one expression only: ${names(classes)}.`);
  }
  for (const split of splits) {
    const lacking = classes.filter(
      (label) => !split.train.some((index) => set.faces[index]?.label === label),
    );
    if (lacking.length > 0 || split.validation.length === 0 || split.test.length === 0) {
      throw new DeadpanError(
        'E_DATA',
        lacking.length > 0
          ? `${set.name}, ${split.name}: no face trains ${names(lacking)}.`
          : `${set.name}, ${split.name}: nobody is left to validate or to test on.`,
        { advice: 'More people are needed, or another number of folds (three at least).' },
      );
    }
  }
}

const FACE = 64 * 64;

function faceAt(faces: Uint8Array, index: number): Uint8Array {
  return faces.subarray(index * FACE, (index + 1) * FACE);
}

const CHUNK = 64;

async function referencesFor(
  set: FaceCache,
  out: string,
  referencesOf: ReferencesOf,
  onProgress: (done: number, of: number) => void,
): Promise<Uint8Array> {
  const file = join(out, 'references.bin');
  if (existsSync(file)) {
    const bytes = await readFile(file);
    if (bytes.length === set.faces.length * FACE) return bytes;
  }
  const all = new Uint8Array(set.faces.length * FACE);
  for (let start = 0; start < set.faces.length; start += CHUNK) {
    const end = Math.min(set.faces.length, start + CHUNK);
    const part = Array.from({ length: end - start }, (_, row) => faceOfCanvas(canvasOf(set, start + row)));
    (await referencesOf(part)).forEach((reference, row) => {
      all.set(reference, (start + row) * FACE);
    });
    onProgress(end, set.faces.length);
  }
  await writeWhole(file, all);
  return all;
}

const A_CLASS = 6;

/** Up to six faces of each class, of as many people as there are and of those first who are seen neutral besides. */
async function gridOf(
  { set, figures, identity, out }: ExperimentOptions,
  references: Uint8Array,
): Promise<FacePicture[]> {
  const shown = (index: number): Uint8Array => faceOfCanvas(canvasOf(set, index));
  const neutral = new Map<string, number[]>();
  set.faces.forEach(({ label, subject }, index) => {
    if (label === 0 && subject !== undefined) neutral.set(subject, [...(neutral.get(subject) ?? []), index]);
  });
  const targetOf = (index: number): number | undefined =>
    neutral.get(set.faces[index]?.subject ?? '')?.find((other) => other !== index);
  const chosen = CLASSES.flatMap((_, label) => {
    const people = new Set<string>();
    const faces = set.faces.flatMap((face, index) => (face.label === label ? [index] : []));
    return [
      ...faces.filter((index) => targetOf(index) !== undefined),
      ...faces.filter((index) => targetOf(index) === undefined),
    ].filter((index) => {
      const person = set.faces[index]?.subject ?? `face ${index}`;
      if (people.size === A_CLASS || people.has(person)) return false;
      people.add(person);
      return true;
    });
  });
  const weights: (number | undefined)[] = Object.values(paperIdentityWeights).filter((weight) =>
    identity.weights.includes(weight),
  );
  const plain: { title: string; made: readonly Uint8Array[] }[] = [];
  for (const weight of figures.includes('identity') ? [...weights, undefined] : []) {
    plain.push({
      title: weight === undefined ? 'auto-encoder alone' : `identity weight ${weight}`,
      made: await identityReferences(join(out, 'identity'), identity, weight, chosen.map(shown)),
    });
  }
  return chosen.map((index, place) => {
    const target = targetOf(index);
    return {
      expression: CLASSES[set.faces[index]?.label ?? 0] ?? 'neutral',
      face: shown(index),
      target: target === undefined ? undefined : shown(target),
      reference: faceAt(references, index),
      plain: plain.flatMap(({ title, made }) => {
        const reference = made[place];
        return reference === undefined ? [] : [{ title, reference }];
      }),
    };
  });
}

/** The faces at `indices`, as a set of their own. */
export function subsetOf(set: FaceCache, indices: readonly number[]): FaceCache {
  const size = canvasSide * canvasSide;
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, row) => {
    pixels.set(canvasOf(set, index), row * size);
  });
  return { name: set.name, pixels, faces: indices.flatMap((index) => set.faces[index] ?? []) };
}

/** Several sets as one. */
export function joinSets(name: string, sets: readonly FaceCache[]): FaceCache {
  return {
    name,
    faces: sets.flatMap(({ faces }) => faces),
    pixels: Buffer.concat(sets.map(({ pixels }) => pixels)),
  };
}

import { join } from 'node:path';

import { stillFacesTask, type FerArtifact, type InferencePool } from '@deadpan/nets';
import {
  CLASSES,
  DeadpanError,
  type Expression,
  type ExpressionClass,
  type Face,
  type MapStage,
} from '@deadpan/shared';
import {
  argmax,
  calibrationError,
  classificationReport,
  confusionMatrix,
  readImage,
  readLabels,
  type LabelledImage,
} from '@deadpan/training/without-tensorflow';

import type { Stages } from '../pipeline/embedded.js';

/** What `evaluate` prints with `--json`. */
export interface Evaluation {
  readonly classes: readonly ExpressionClass[];
  /** Pictures that count. */
  readonly n: number;
  /** Rows without a majority for one class. */
  readonly leftOut: number;
  readonly accuracy: number;
  /** Mean recall of the classes that occur. */
  readonly classMeanAccuracy: number;
  readonly macroF1: number;
  /** Expected calibration error, 15 bins. */
  readonly calibrationError: number;
  /** Rows are the truth, columns what was said, both in the order of `classes`. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly {
    readonly class: ExpressionClass;
    readonly count: number;
    readonly recall: number;
    readonly precision: number;
    readonly f1: number;
  }[];
  /** Pictures in which no detector found a face, so that the whole picture was taken for one. */
  readonly undetected: number;
  readonly model: Pick<FerArtifact, 'name' | 'version' | 'sha256'>;
}

/** What is evaluated. */
export interface EvaluateOptions {
  readonly data: string;
  readonly labels: string;
  /** Only rows of this part; null for all. */
  readonly part: string | null;
  readonly pool: InferencePool;
  readonly stages: Stages;
  readonly model: Evaluation['model'];
  readonly onProgress?: (done: number, of: number) => void;
}

/** Pictures under way at a time. */
const CHUNK = 32;

/**
 * Sends labelled pictures through the released models, as `analyze` would a picture of one face: the largest face is
 * found, aligned, given its reference and classified. A picture in which no face is found is taken for one as a whole.
 * @throws DeadpanError E_DATA for a picture or table that cannot be read, E_INPUT_MISSING
 */
export async function evaluateLabels(options: EvaluateOptions): Promise<Evaluation> {
  const { data, labels, part, pool, stages, model, onProgress } = options;
  const all = (await readLabels(labels)).filter((row) => part === null || row.part === part);
  if (all.length === 0) {
    throw new DeadpanError(
      'E_DATA',
      part === null ? `${labels} has no rows.` : `${labels} has no rows whose part is ${part}.`,
    );
  }
  const rows = all.filter((row): row is LabelledImage & { label: number } => row.label !== undefined);
  const truth: number[] = [];
  const probabilities: (readonly number[])[] = [];
  let undetected = 0;

  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = rows.slice(start, start + CHUNK);
    const faces = await Promise.all(chunk.map((row, i) => faceOf(join(data, row.path), row.path, start + i)));
    const expressions = await classifyAll(stages, faces);
    for (const [i, row] of chunk.entries()) {
      const face = expressions[i]?.face;
      if (face === null || face === undefined)
        throw new DeadpanError('E_ENGINE', `${row.path} could not be classified.`);
      if (face.detection === 0) undetected += 1;
      truth.push(row.label);
      probabilities.push(face.probabilities);
    }
    onProgress?.(Math.min(rows.length, start + CHUNK), rows.length);
  }
  const report = classificationReport(confusionMatrix(truth, probabilities.map(argmax), CLASSES.length));
  return {
    classes: CLASSES,
    n: report.n,
    leftOut: all.length - rows.length,
    accuracy: report.accuracy,
    classMeanAccuracy: report.classMeanAccuracy,
    macroF1: report.macroF1,
    calibrationError: calibrationError(probabilities, truth),
    confusion: report.confusion,
    perClass: CLASSES.map((name, k) => ({
      class: name,
      ...(report.perClass[k] ?? { count: 0, recall: 0, precision: 0, f1: 0 }),
    })),
    undetected,
    model,
  };

  async function faceOf(file: string, name: string, sequence: number): Promise<Face> {
    const image = await readImage(file);
    const [face] = await pool.run(stillFacesTask, { image, wholePicture: true });
    const { width, height } = image;
    const frame = { camera: name, epoch: 0, sequence, timeUs: 0, width, height, faces: 1 };
    return { ...frame, face: face === undefined ? null : { ...face, track: '1' } };
  }
}

async function classifyAll(
  { normalize, classify }: Stages,
  faces: readonly Face[],
): Promise<readonly (Expression | undefined)[]> {
  return through(classify, await through(normalize, faces));
}

/** A map stage's values, one for each record. */
async function through<In, Out>(
  stage: MapStage<In, Out>,
  records: readonly (In | undefined)[],
): Promise<readonly (Out | undefined)[]> {
  const outcomes = await stage(records.filter((record) => record !== undefined));
  return outcomes.map((outcome) => {
    if (outcome.kind === 'dead-letter') throw outcome.error;
    return outcome.kind === 'ok' ? outcome.values[0] : undefined;
  });
}

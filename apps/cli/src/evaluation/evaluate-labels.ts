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
  isHeldOut,
  readImage,
  readLabels,
  type ClassificationReport,
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
  /** Where only people held out by a recipe with this `holdOutEvery` were evaluated; null for everybody. */
  readonly heldOutEvery: number | null;
  /** The same within each value of the columns that were asked for, largest group first. */
  readonly groups: readonly {
    readonly column: string;
    /** What the table says; empty where it says nothing. */
    readonly value: string;
    readonly n: number;
    readonly accuracy: number;
    readonly classMeanAccuracy: number;
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
  /** Only people whom a recipe with this `holdOutEvery` leaves out of training; null for all. */
  readonly heldOutEvery: number | null;
  /** Columns of the table whose values are told apart, such as gender. */
  readonly groups: readonly string[];
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
  const { data, labels, pool, stages, model, onProgress } = options;
  const all = rowsAskedFor(await readLabels(labels), options);
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
  const said = probabilities.map(argmax);
  const reportOf = (members: readonly number[]): ClassificationReport =>
    classificationReport(
      confusionMatrix(
        members.map((i) => truth[i] ?? 0),
        members.map((i) => said[i] ?? 0),
        CLASSES.length,
      ),
    );
  const report = reportOf(rows.map((_, i) => i));
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
    heldOutEvery: options.heldOutEvery,
    groups: options.groups.flatMap((column) =>
      membersByValue(rows, column).map(([value, members]) => {
        const { n, accuracy, classMeanAccuracy } = reportOf(members);
        return { column, value, n, accuracy, classMeanAccuracy };
      }),
    ),
    undetected,
    model,
  };

  async function faceOf(file: string, name: string, sequence: number): Promise<Face> {
    const image = await readImage(file);
    const [face] = await pool.run(stillFacesTask(), { image, wholePicture: true });
    const { width, height } = image;
    const frame = { camera: name, epoch: 0, sequence, timeUs: 0, width, height, faces: 1 };
    return { ...frame, face: face === undefined ? null : { ...face, track: '1' } };
  }
}

function rowsAskedFor(
  table: readonly LabelledImage[],
  { labels, part, heldOutEvery, groups }: EvaluateOptions,
): readonly LabelledImage[] {
  for (const column of groups) {
    if (table[0] !== undefined && table[0].columns[column] === undefined) {
      throw new DeadpanError('E_DATA', `${labels} has no column '${column}'.`, {
        advice: `It has ${Object.keys(table[0].columns).join(', ')}.`,
      });
    }
  }
  const rows = table.filter(
    (row) =>
      (part === null || row.part === part) && (heldOutEvery === null || isHeldOut(row.subject, heldOutEvery)),
  );
  if (rows.length === 0) {
    throw new DeadpanError(
      'E_DATA',
      part === null ? `${labels} has no such rows.` : `${labels} has no rows whose part is ${part}.`,
      heldOutEvery === null ? {} : { advice: 'With --held-out the table needs a column "subject".' },
    );
  }
  return rows;
}

/** Indices of the rows for each value of a column, most rows first. */
function membersByValue(rows: readonly LabelledImage[], column: string): [string, number[]][] {
  const members = new Map<string, number[]>();
  rows.forEach(({ columns }, i) => {
    const value = columns[column] ?? '';
    members.set(value, [...(members.get(value) ?? []), i]);
  });
  return [...members].sort(([, a], [, b]) => b.length - a.length);
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

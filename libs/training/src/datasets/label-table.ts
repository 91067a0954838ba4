import { readFile } from 'node:fs/promises';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import { CsvError, parse } from 'csv-parse/sync';

/** A labelled picture. */
export interface LabelledImage {
  /** Relative to the data set's folder. */
  readonly path: string;
  /** Index of its class; undefined where votes tie or most are for no class. */
  readonly label: number | undefined;
  /** Share of the votes per class, single votes left out as outliers; undefined where they decide nothing. */
  readonly target: readonly number[] | undefined;
  readonly subject: string | undefined;
  /** Which part of the set it belongs to (train, valid, test), where the table says so. */
  readonly part: string | undefined;
  /** Every column of its row as it stands, for what tables say besides: age, gender, camera. */
  readonly columns: Readonly<Record<string, string>>;
}

const NO_CLASS = ['unknown', 'NF'];

/**
 * Reads a labels CSV: `path`, and either `expression` or a column of votes per class (and, where there are, `unknown`
 * and `NF`); `subject` where known.
 * @throws DeadpanError E_INPUT_MISSING, E_DATA where it is no table, has no rows, or one that cannot be understood
 */
export async function readLabels(file: string): Promise<LabelledImage[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new DeadpanError('E_INPUT_MISSING', `The labels ${file} cannot be read.`, { cause });
  }
  const rows = parseTable(text, file);
  const [first] = rows;
  if (first === undefined) throw new DeadpanError('E_DATA', `The labels ${file} have no rows.`);
  // Another separator, another name, or no line of names: nothing is wrong with the rows themselves.
  const missing = first['path'] === undefined ? 'path' : 'expression';
  if (
    first[missing] === undefined &&
    (missing === 'path' || CLASSES.every((name) => first[name] === undefined))
  ) {
    throw new DeadpanError('E_DATA', `The labels ${file} have no column "${missing}".`, {
      advice:
        'The first line names the columns, separated by commas: path, subject where known, and expression or a column of votes per class.',
    });
  }
  return rows.map((row, index) => {
    const path = row['path'];
    if (path === undefined || path === '')
      throw new DeadpanError('E_DATA', `Row ${index + 2} of ${file} has no path.`);
    const subject = row['subject'] === '' ? undefined : row['subject'];
    const part = row['part'] === '' ? undefined : row['part'];
    return {
      path,
      subject,
      part,
      columns: row,
      ...(row['expression'] === undefined
        ? fromVotes(row, file, index)
        : fromName(row['expression'], file, index)),
    };
  });
}

function parseTable(text: string, file: string): Record<string, string>[] {
  try {
    return parse(text, { bom: true, columns: true, skip_empty_lines: true, trim: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    // What follows the colon holds the file's own text, which may be anything.
    const [reason = ''] = cause.message.split(':');
    const line = String(cause['lines']);
    throw new DeadpanError(
      'E_DATA',
      `The labels ${file} are not a CSV table (line ${line}: ${reason.toLowerCase()}).`,
      { cause },
    );
  }
}

function fromName(expression: string, file: string, index: number): Pick<LabelledImage, 'label' | 'target'> {
  const label = CLASSES.findIndex((name) => name === expression);
  if (label < 0) {
    throw new DeadpanError('E_DATA', `Row ${index + 2} of ${file} has the expression '${expression}'.`, {
      advice: `Known are ${CLASSES.join(', ')}.`,
    });
  }
  return { label, target: CLASSES.map((_, k) => (k === label ? 1 : 0)) };
}

function fromVotes(
  row: Readonly<Record<string, string>>,
  file: string,
  index: number,
): Pick<LabelledImage, 'label' | 'target'> {
  const votes = [...CLASSES, ...NO_CLASS].map((name) => {
    const count = Number(row[name] ?? (NO_CLASS.includes(name) ? 0 : Number.NaN));
    if (!Number.isFinite(count) || count < 0)
      throw new DeadpanError('E_DATA', `Row ${index + 2} of ${file} has no votes for ${name}.`);
    return count;
  });
  return { label: majorityOf(votes), target: targetOf(votes) };
}

/** The class with most votes; undefined for ties and where most are for no class. `votes`: the classes, then others. */
export function majorityOf(votes: readonly number[]): number | undefined {
  const most = Math.max(...votes);
  const winners = votes.flatMap((count, k) => (count === most ? [k] : []));
  const [winner] = winners;
  return winners.length === 1 && most > 0 && winner !== undefined && winner < CLASSES.length
    ? winner
    : undefined;
}

/**
 * Share of the votes per class without single votes (Barsoum et al. 2016 call them outliers); undefined where none are
 * left or more are for no class.
 */
export function targetOf(votes: readonly number[]): number[] | undefined {
  const kept = votes.slice(0, CLASSES.length).map((count) => (count > 1 ? count : 0));
  const total = kept.reduce((sum, count) => sum + count, 0);
  const others = votes.slice(CLASSES.length).reduce((sum, count) => sum + count, 0);
  return total > 0 && total >= others ? kept.map((count) => count / total) : undefined;
}

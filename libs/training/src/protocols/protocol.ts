import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CLASSES, DeadpanError, type ExpressionClass } from '@deadpan/shared';

/** Pictures of one person with one expression, taken in a row. */
export interface Sequence {
  readonly id: string;
  readonly subject: string;
  /** Position of the expression in CLASSES. */
  readonly label: number;
  /** Picture files, or the frames around the middle of a video. Paths are relative to the set's folder. */
  readonly source:
    | { readonly kind: 'pictures'; readonly files: readonly string[] }
    | { readonly kind: 'video'; readonly file: string; readonly middle: number };
}

/** A set as the paper uses it. */
export interface Protocol {
  readonly name: ProtocolName;
  readonly title: string;
  readonly sequences: readonly Sequence[];
  /** What the paper counts. */
  readonly printed: { readonly sequences: number; readonly subjects: number; readonly images: number };
  /** Whether accuracy counts sequences (greatest mean probability of their pictures) or pictures. */
  readonly bySequence: boolean;
}

/** The paper's sets. */
export const protocolNames = ['ckplus', 'ckplus8', 'mmi', 'oulu'] as const;

/** One of {@link protocolNames}. */
export type ProtocolName = (typeof protocolNames)[number];

/** Position of an expression in CLASSES. */
export function classOf(expression: ExpressionClass): number {
  return CLASSES.indexOf(expression);
}

/**
 * Names in a folder, sorted; folders end with a slash. Hidden ones are not the set's: macOS leaves `._NAME` beside every
 * file that it copies to a disk of another system, with the same ending and nothing of the picture.
 */
export async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}

/** Names of the folders in a folder, sorted. */
export async function foldersIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).flatMap((name) => (name.endsWith('/') ? [name.slice(0, -1)] : []));
}

/**
 * The folder called `name` in `data` or at most two folders below, relative to `data`.
 * @param set what the message calls the set
 * @param layout what the set's folder should look like
 * @throws DeadpanError E_INPUT_MISSING, E_DATA
 */
export async function folderNamed(data: string, name: string, set: string, layout: string): Promise<string> {
  let level = [data];
  for (let depth = 0; depth < 3; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      const names = await foldersIn(folder).catch((cause: unknown) => {
        throw new DeadpanError('E_INPUT_MISSING', `The folder ${folder} cannot be read.`, { cause });
      });
      if (names.includes(name)) return relative(data, join(folder, name));
      below.push(...names.map((other) => join(folder, other)));
    }
    level = below;
  }
  throw wrongLayout(set, `${data} has no folder ${name}`, layout);
}

/** The error for a set whose folders are not as they were handed out. */
export function wrongLayout(set: string, what: string, layout: string): DeadpanError {
  return new DeadpanError('E_DATA', `This is not ${set} as it is handed out: ${what}.`, {
    advice: `Expected is ${layout}.`,
  });
}

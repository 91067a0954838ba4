import { access, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { DeadpanConfig } from '../config.js';
import type { ModelFacts } from '../report/report-html.js';

/** What an input's results depend on. The same again: nothing to do again. */
export interface MadeFrom {
  readonly input: InputFile;
  readonly models: readonly ModelFacts[];
  /** By section of the configuration, and the command's own under `analyze`. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What is known of a file without reading it. */
export interface InputFile {
  readonly bytes: number;
  /** When it was last changed, milliseconds since 1970. */
  readonly changedMs: number;
  /** Its way from the output folder, both without links; missing in records of former versions. */
  readonly path?: string;
}

/** Options of `analyze` that change what is written for an input. */
export interface ResultOptions {
  readonly start: number | null;
  readonly end: number | null;
  readonly references: boolean;
  readonly annotate: boolean;
  readonly format: 'py-feat' | 'openface' | 'parquet' | null;
}

/**
 * Looks at a file.
 * @throws Error of the file system where the file or the output folder is not there
 */
export async function inputFile(path: string, out: string): Promise<InputFile> {
  const [{ size, mtimeMs }, from, to] = await Promise.all([stat(path), realpath(out), realpath(path)]);
  return { bytes: size, changedMs: mtimeMs, path: relative(from, to) };
}

/**
 * Whether what was recorded is the file that is there now, changed or not. Its path decides. Where nothing is at the
 * recorded path any more, or none is recorded, size and time do: then it was moved, or is seen from another machine.
 */
export async function isSameFile(before: InputFile, now: InputFile, out: string): Promise<boolean> {
  if (before.path === now.path) return true;
  if (before.bytes !== now.bytes || before.changedMs !== now.changedMs) return false;
  if (before.path === undefined) return true;
  return access(join(await realpath(out), before.path)).then(
    () => false,
    () => true,
  );
}

/**
 * What the results of `path` would be made from now. Not among it: how the work is spread, and Parquet, which is made
 * from the tables once for all.
 * @throws Error of the file system where the file is not there
 */
export async function madeFrom(
  path: string,
  out: string,
  config: DeadpanConfig,
  { start, end, references, annotate, format }: ResultOptions,
  models: readonly ModelFacts[],
): Promise<MadeFrom> {
  const input = await inputFile(path, out);
  const { ingest, align } = config;
  // The rest of the options is for live cameras.
  const { size: length, hop, grace } = config.window;
  const analyze = { start, end, references, annotate, format: format === 'parquet' ? null : format };
  return {
    input,
    models,
    options: { ingest, align, window: { size: length, hop, grace }, analyze },
  };
}

/** What is not the same any more, in words for a person; null where everything is. Where the file is does not count. */
export function difference(before: MadeFrom, now: MadeFrom): string | null {
  const placed = { ...before, input: { ...before.input, path: now.input.path } };
  if (same(placed, now)) return null;
  const parts: string[] = [];
  if (!same(placed.input, now.input)) parts.push('the file has changed');
  const models = now.models.filter((model) => !before.models.some((one) => same(one, model)));
  if (models.length > 0) {
    parts.push(
      `there is a new model (${models.map(({ name, version }) => `${name} ${version}`).join(', ')})`,
    );
  }
  const options = Object.entries(now.options).flatMap(([section, values]) =>
    Object.entries(values)
      .filter(([name, value]) => !same(before.options[section]?.[name], value))
      .map(([name]) => (section === 'analyze' ? `--${name}` : `${section}.${name}`)),
  );
  if (options.length > 0) parts.push(`options differ (${options.join(', ')})`);
  return parts.length === 0 ? 'it was made by another version' : parts.join(' and ');
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

import { stat } from 'node:fs/promises';

import type { DeadpanConfig } from '../config.js';
import type { ModelFacts } from '../report/report-html.js';

/** What an input's results depend on. The same again: nothing to do again. */
export interface MadeFrom {
  /** The file: its size in bytes, and when it was last changed, milliseconds since 1970. */
  readonly input: { readonly bytes: number; readonly changedMs: number };
  readonly models: readonly ModelFacts[];
  /** By section of the configuration, and the command's own under `analyze`. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
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
 * What the results of `path` would be made from now. Not among it: how the work is spread, and Parquet, which is made
 * from the tables once for all.
 * @throws Error of the file system where the file is not there
 */
export async function madeFrom(
  path: string,
  config: DeadpanConfig,
  { start, end, references, annotate, format }: ResultOptions,
  models: readonly ModelFacts[],
): Promise<MadeFrom> {
  const { size, mtimeMs } = await stat(path);
  const { ingest, align } = config;
  // The rest of the options is for live cameras.
  const { size: length, hop, grace } = config.window;
  const analyze = { start, end, references, annotate, format: format === 'parquet' ? null : format };
  return {
    input: { bytes: size, changedMs: mtimeMs },
    models,
    options: { ingest, align, window: { size: length, hop, grace }, analyze },
  };
}

/** What is not the same any more, in words for a person; null where everything is. */
export function difference(before: MadeFrom, now: MadeFrom): string | null {
  if (same(before, now)) return null;
  const parts: string[] = [];
  if (!same(before.input, now.input)) parts.push('the file has changed');
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

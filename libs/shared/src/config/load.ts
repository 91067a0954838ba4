import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { parse } from 'yaml';
import type { z } from 'zod';

import { DeadpanError } from '../errors/index.js';
import { nearest } from './nearest.js';
import { describeOptions, itemOf, type OptionDescription } from './options.js';

/** Where a configuration comes from; later sources win: file, variables, flags. */
export interface ConfigSources {
  /** Path of a `deadpan.yaml`, when there is one. */
  readonly file?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** Values by dotted path, e.g. `{ 'ingest.fps': 5 }`. Undefined ones are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** Variables that start with DEADPAN_ and belong to something else than the configuration. */
const OTHER_VARIABLES = new Set(['DEADPAN_CONFIG', 'DEADPAN_MODELS']);

type Tree = Record<string, unknown>;

/**
 * The effective configuration, frozen.
 * @throws DeadpanError E_CONFIG with every fault and, for unknown names, the nearest known one.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): z.output<S> {
  const environment = sources.environment ?? {};
  const options = describeOptions(schema);
  const tree = sources.file === undefined ? {} : readTree(sources.file, environment);

  const byVariable = new Map(
    options.flatMap((option) => (option.variable === undefined ? [] : [[option.variable, option]])),
  );
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('DEADPAN_') || OTHER_VARIABLES.has(name) || text === undefined) continue;
    const option = byVariable.get(name);
    if (option === undefined) {
      throw new DeadpanError(
        'E_CONFIG',
        `The variable ${name} is not an option.${meant(name, byVariable.keys())}`,
      );
    }
    setAt(tree, option.path, fromText(text, name, option));
  }
  for (const [path, value] of Object.entries(sources.flags ?? {})) {
    if (value !== undefined) setAt(tree, path.split('.'), value);
  }

  const result = schema.safeParse(tree);
  if (!result.success) throw new DeadpanError('E_CONFIG', faultsOf(result.error, options, sources.file));
  return deepFreeze(result.data);
}

function readTree(file: string, environment: NodeJS.ProcessEnv): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DeadpanError('E_CONFIG', `The configuration file ${file} cannot be read.`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = parse(text) ?? {};
  } catch (cause) {
    // Not always a YAMLParseError: an alias that leads nowhere is a ReferenceError.
    const [reason = ''] = cause instanceof Error ? cause.message.split('\n') : [];
    throw new DeadpanError('E_CONFIG', `${file} is not valid YAML: ${reason}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DeadpanError('E_CONFIG', `${file} must hold a map of options.`);
  }
  return resolveSecrets(parsed, file, environment) as Tree;
}

/** Replaces `${NAME}` by the variable's value, and a value `file:PATH` by that file's content, so that secrets stay outside. */
function resolveSecrets(value: unknown, file: string, environment: NodeJS.ProcessEnv): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveSecrets(item, file, environment));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, resolveSecrets(v, file, environment)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (value.startsWith('file:')) {
    const path = resolve(file, '..', value.slice('file:'.length));
    try {
      return readFileSync(path, 'utf8').trimEnd();
    } catch (cause) {
      throw new DeadpanError('E_CONFIG', `${file} names the file ${path}, which cannot be read.`, { cause });
    }
  }
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const found = environment[name];
    if (found === undefined) {
      throw new DeadpanError('E_CONFIG', `${file} uses \${${name}}, and that variable is not set.`);
    }
    return found;
  });
}

function fromText(text: string, variable: string, option: OptionDescription): unknown {
  if (option.type === 'string' || option.choices !== undefined) return text;
  let value: unknown;
  try {
    // Warnings would quote the text.
    value = parse(text, { logLevel: 'error' });
  } catch {
    // So would the cause, and the text may hold addresses with passwords, or tokens.
    throw new DeadpanError(
      'E_CONFIG',
      `${variable} must be ${option.type}, and what it holds is not valid YAML.`,
    );
  }
  if (option.type.startsWith('list of ') && !Array.isArray(value)) {
    throw new DeadpanError('E_CONFIG', `${variable} must be ${option.type}, written as in YAML: [ONE, TWO].`);
  }
  return value;
}

function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const name of path.slice(0, -1)) {
    const child = node[name];
    if (typeof child === 'object' && child !== null && !Array.isArray(child)) node = child as Tree;
    else {
      const made: Tree = {};
      node[name] = made;
      node = made;
    }
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
}

function faultsOf(
  error: z.ZodError,
  options: readonly OptionDescription[],
  file: string | undefined,
): string {
  const where = file === undefined ? 'The configuration' : file;
  const faults = error.issues.map((issue) => {
    const path = issue.path.map(String);
    const described = describedPath(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .map((key) => {
          const siblings = options
            .filter(({ path: known }) => described.every((name, i) => known[i] === name))
            .map(({ path: known }) => known[described.length]?.replace('[]', '') ?? '');
          return `"${[...path, key].join('.')}" is not an option.${meant(key, new Set(siblings))}`;
        })
        .join(' ');
    }
    const option = options.find(({ path: known }) => known.join('.') === described.join('.'));
    const unit = option?.unit === undefined ? '' : ` in ${option.unit}`;
    const range = option?.range === undefined ? '' : ` (${option.type}${unit}, ${option.range})`;
    return `"${path.join('.')}": ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}${range}.`;
  });
  return `${where} is not valid: ${faults.join(' ')}`;
}

/** What is at `path`, as its option is described: all items of a list by the same path. */
const describedPath = (path: readonly PropertyKey[]): string[] =>
  path.reduce<string[]>(
    (names, name) => (typeof name === 'number' ? itemOf(names) : [...names, String(name)]),
    [],
  );

const meant = (word: string, candidates: Iterable<string>): string => {
  const near = nearest(word, candidates);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
};

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

import { z } from 'zod';

/** A leaf of the configuration, as flags, the reference page and environment variables need it. */
export interface OptionDescription {
  /** Path in `deadpan.yaml`, e.g. `['align', 'keyFrameInterval']`; of each item of a list, `['cameras[]', 'name']`. */
  readonly path: readonly string[];
  /** `DEADPAN_ALIGN_KEY_FRAME_INTERVAL`; undefined within a list, which only has one as a whole. */
  readonly variable: string | undefined;
  readonly type: string;
  /** Whether it may not be left out. */
  readonly required: boolean;
  readonly default: unknown;
  readonly unit: string | undefined;
  readonly range: string | undefined;
  readonly help: string;
  /** The values to choose from, where there is a closed list. */
  readonly choices: readonly string[] | undefined;
}

interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  default?: unknown;
  unit?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** JSON Schema (draft 2020-12) of a configuration schema, as a user writes it: what has a default may be left out. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input' });
}

/** Every leaf of a configuration schema, in the order of its declaration; after a list of maps, those of its items. */
export function describeOptions(schema: z.ZodType): OptionDescription[] {
  const found: OptionDescription[] = [];
  const visit = (node: JsonSchema, path: readonly string[], required: boolean): void => {
    if (node.properties !== undefined) {
      for (const [name, child] of Object.entries(node.properties)) {
        visit(child, [...path, name], node.required?.includes(name) ?? false);
      }
      return;
    }
    found.push({
      path,
      variable: path.some(isList) ? undefined : variableOf(path),
      type: typeOf(node),
      required,
      default: node.default,
      unit: node.unit,
      range: rangeOf(node),
      help: node.description ?? '',
      choices: node.enum?.map(String),
    });
    if (node.items?.properties !== undefined) visit(node.items, itemOf(path), required);
  };
  visit(jsonSchemaOf(schema), [], false);
  return found;
}

/** The path of each item of the list at `path`. */
export function itemOf(path: readonly string[]): string[] {
  return [...path.slice(0, -1), `${path.at(-1) ?? ''}[]`];
}

const isList = (name: string): boolean => name.endsWith('[]');

/** The environment variable that sets the option at `path`. */
function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  return `DEADPAN_${words.join('_')}`;
}

function typeOf(node: JsonSchema): string {
  if (node.enum !== undefined) return node.enum.map(String).join(' | ');
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(' | ');
  if (node.type === 'array') return `list of ${node.items === undefined ? 'anything' : typeOf(node.items)}`;
  if (node.type === 'object') return 'map';
  return Array.isArray(node.type) ? node.type.join(' | ') : (node.type ?? 'anything');
}

function rangeOf(node: JsonSchema): string | undefined {
  if (node.anyOf !== undefined) return node.anyOf.map(rangeOf).find((range) => range !== undefined);
  const { minimum, maximum, exclusiveMinimum } = node;
  // zod bounds integers by what a double can count; that is no range that a user wants to read.
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (low === undefined && high === undefined && exclusiveMinimum === undefined) return undefined;
  if (high === undefined) return exclusiveMinimum === undefined ? `from ${low}` : `over ${exclusiveMinimum}`;
  if (exclusiveMinimum !== undefined) return `over ${exclusiveMinimum}, at most ${high}`;
  return low === undefined ? `at most ${high}` : `${low} to ${high}`;
}

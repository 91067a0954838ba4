import type { z } from 'zod';

import { jsonSchemaOf } from './options.js';

/** What stands where a secret would. */
export const HIDDEN = '(hidden)';

/** A copy of a configuration for people's eyes: every option that its schema marks with `secret: true` is hidden. */
export function hideSecrets(schema: z.ZodType, config: unknown): unknown {
  return hide(jsonSchemaOf(schema), config);
}

interface SchemaNode {
  readonly secret?: boolean;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function hide(node: SchemaNode, value: unknown): unknown {
  if (node.secret === true) return value === '' || value === null || value === undefined ? value : HIDDEN;
  if (Array.isArray(value)) return value.map((item) => hide(node.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, hide(node.properties?.[name] ?? {}, child)]),
  );
}

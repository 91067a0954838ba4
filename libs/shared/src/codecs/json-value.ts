import type { z } from 'zod';

import { invalidRecord } from './record-codec.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A public message as bytes. */
export function writeJson(message: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(message), 'utf8');
}

/**
 * Reads a public message. Fields that it does not know are left out: within v1 a schema may grow.
 * @throws DeadpanError E_RECORD_INVALID
 */
export function readJson<S extends z.ZodType>(type: string, schema: S, bytes: Uint8Array): z.output<S> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw invalidRecord(type, 'it is not JSON in UTF-8', cause);
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidRecord(type, `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`, result.error);
}

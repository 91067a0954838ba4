import type { IncomingMessage, ServerResponse } from 'node:http';

import { DeadpanError } from '@deadpan/shared';
import { z } from 'zod';

import { problemOf } from './problem.js';

/** What is answered to a request. */
export interface Reply {
  readonly status: number;
  /** Text or bytes as they are; anything else as JSON. */
  readonly body?: unknown;
  /** Content type, where the body is text or bytes. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of every answer: a page may only load from here, run no inline script, and be framed by nobody. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

/** The problem document of an error, as an answer. */
export function problemReply(error: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  const problem = problemOf(error);
  const challenge = problem.status === 401 ? { 'www-authenticate': 'Bearer realm="deadpan"' } : {};
  return {
    status: problem.status,
    body: JSON.stringify(problem),
    type: 'application/problem+json',
    headers: { ...challenge, ...headers },
  };
}

/** The bearer token of a request, where it has one. */
export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/**
 * The JSON body of a request, checked.
 * @throws DeadpanError E_TOO_LARGE, E_REQUEST
 */
export async function readJson<S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
  limit: number,
): Promise<z.output<S>> {
  // Pages of other sites cannot send this type without asking first.
  if (!/^application\/(\S+\+)?json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new DeadpanError('E_REQUEST', 'The body must be JSON, and its content type must say so.');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new DeadpanError('E_TOO_LARGE', `The body has more than ${limit} bytes.`);
    chunks.push(chunk);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new DeadpanError('E_REQUEST', 'The body is not JSON.', { cause });
  }
  const result = schema.safeParse(parsed);
  if (!result.success) {
    throw new DeadpanError('E_REQUEST', `${z.prettifyError(result.error).replaceAll('\n', ' ')}.`);
  }
  return result.data;
}

/** Writes an answer. */
export function writeReply(response: ServerResponse, { status, body, type, headers }: Reply): void {
  const raw = typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Uint8Array;
  const bytes = body === undefined ? undefined : raw ? body : JSON.stringify(body);
  response.writeHead(status, {
    'cache-control': 'no-store',
    ...SECURITY_HEADERS,
    ...(bytes === undefined ? {} : { 'content-type': type ?? 'application/json' }),
    ...(bytes === undefined ? {} : { 'content-length': String(Buffer.byteLength(bytes)) }),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

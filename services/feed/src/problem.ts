import { DeadpanError, type ErrorCode } from '@deadpan/shared';

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Deadpan's own error code. */
  readonly code: string;
}

const STATUSES: Partial<Record<ErrorCode, readonly [status: number, title: string]>> = {
  E_REQUEST: [400, 'Bad Request'],
  E_CONFIG: [400, 'Bad Request'],
  E_USAGE: [400, 'Bad Request'],
  E_RECORD_INVALID: [400, 'Bad Request'],
  E_UNAUTHORIZED: [401, 'Unauthorized'],
  E_FORBIDDEN: [403, 'Forbidden'],
  E_NOT_FOUND: [404, 'Not Found'],
  E_METHOD: [405, 'Method Not Allowed'],
  E_CONFLICT: [409, 'Conflict'],
  E_TOO_LARGE: [413, 'Content Too Large'],
  E_TOO_MANY: [429, 'Too Many Requests'],
  E_BROKER_REFUSED: [502, 'Bad Gateway'],
  E_NOT_READY: [503, 'Service Unavailable'],
  E_HISTORY: [503, 'Service Unavailable'],
  E_LINK: [503, 'Service Unavailable'],
};

/** The problem document of an error. What is not a DeadpanError is a bug, whose details stay in the log. */
export function problemOf(error: unknown): Problem {
  const code = error instanceof DeadpanError ? error.code : undefined;
  const [status, title] = (code === undefined ? undefined : STATUSES[code]) ?? [500, 'Internal Server Error'];
  const detail =
    error instanceof DeadpanError
      ? [error.message, error.advice].filter((part) => part !== undefined).join(' ')
      : 'The server failed. Its log says why.';
  return {
    type: code === undefined ? 'about:blank' : `urn:deadpan:error:${code}`,
    title,
    status,
    detail,
    code: code ?? 'E_INTERNAL',
  };
}

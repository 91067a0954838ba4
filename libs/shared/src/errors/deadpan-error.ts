import { ERROR_CODES, type ErrorCode } from './codes.js';

/** Options of a {@link DeadpanError}. */
export interface DeadpanErrorOptions {
  /** What brought it about. */
  readonly cause?: unknown;
  /** What the user can do about it: one sentence. */
  readonly advice?: string;
}

/**
 * The one error that Deadpan throws for what a user, a peer or a machine did. Its message is a sentence that says
 * what happened and where; a {@link TypeError} and the like mean a bug instead.
 */
export class DeadpanError extends Error {
  readonly code: ErrorCode;
  readonly advice: string | undefined;

  constructor(code: ErrorCode, message: string, options: DeadpanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DeadpanError';
    this.code = code;
    this.advice = options.advice;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The sentence for a person: message, advice and code of a {@link DeadpanError}, the plain message of anything else. */
export function sentenceOf(error: unknown): string {
  if (error instanceof DeadpanError) {
    const advice = error.advice === undefined ? '' : ` ${error.advice}`;
    return `${error.message}${advice} (${error.code})`;
  }
  return error instanceof Error ? error.message : String(error);
}

import { DeadpanError, ERROR_CODES, type ErrorCode } from '@deadpan/shared/errors';
import type { Task } from './task.js';

/** From the pool to a worker. */
export type WorkerRequest =
  | { readonly kind: 'load'; readonly task: Task<unknown, unknown> }
  | { readonly kind: 'run'; readonly task: Task<unknown, unknown>; readonly payload: unknown }
  | { readonly kind: 'close' };

/** From a worker to the pool, one for each `load` and `run`, in their order. */
export type WorkerReply =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** An error in a form that crosses threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string | undefined;
  readonly stack: string | undefined;
}

/** An error as plain data. What is not a DeadpanError becomes one of code E_ENGINE. */
export function toFailure(error: unknown): Failure {
  const known = error instanceof DeadpanError;
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return {
    code: known ? error.code : 'E_ENGINE',
    message: known ? message : `A task failed in its worker: ${message}`,
    advice: known ? error.advice : undefined,
    stack,
  };
}

/** The error again, with the worker's stack as its cause. */
export function fromFailure({ code, message, advice, stack }: Failure): DeadpanError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new DeadpanError(code in ERROR_CODES ? code : 'E_ENGINE', message, {
    cause,
    ...(advice === undefined ? {} : { advice }),
  });
}

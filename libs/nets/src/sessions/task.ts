import type { Session } from './session.js';

/** What one run of a task hands back, and the buffers in it that move instead of being copied. */
export interface TaskOutcome<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/** One run of a task, in a worker. */
export type TaskRun<Payload, Result> = (payload: Payload) => Promise<TaskOutcome<Result>>;

/** Loads a network for a task; the worker releases it when it stops. */
export type OpenSession = (model: Uint8Array) => Promise<Session>;

/** Makes a task ready in a worker: loads its networks once and returns what runs it. */
export type TaskFactory<Options, Payload, Result> = (
  options: Options,
  open: OpenSession,
) => Promise<TaskRun<Payload, Result>>;

/** Work that a pool can do: where its factory is, and the factory's options. Payload and Result are for the compiler. */
export interface Task<Payload, Result> {
  /** Told apart by workers: two tasks of the same factory have their own sessions. */
  readonly id: number;
  readonly module: string;
  readonly factory: string;
  readonly options: unknown;
  readonly types?: (payload: Payload) => Result;
}

let tasks = 0;

/**
 * Describes a task.
 * @param module URL of the module that exports the factory, as `import.meta.url` says it
 * @param factory the factory's name in the module; the function itself is passed for its types
 * @param options plain data; large byte arrays belong in shared memory
 */
export function task<Options, Payload, Result>(
  module: string,
  factory: TaskFactory<Options, Payload, Result>,
  options: Options,
): Task<Payload, Result> {
  tasks += 1;
  return { id: tasks, module, factory: factory.name, options };
}

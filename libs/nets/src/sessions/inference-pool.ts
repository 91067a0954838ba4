import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DeadpanError, sentenceOf } from '@deadpan/shared/errors';
import { keepToMachine } from './keep-to-machine.js';
import { fromFailure, type WorkerReply, type WorkerRequest } from './message.js';
import type { Device } from './session.js';
import type { Task } from './task.js';

/** Options of {@link createInferencePool}. */
export interface InferencePoolOptions {
  /**
   * Worker threads; by default the number of cores, or one where a GPU does the work. For `tfjs` always one: TensorFlow
   * keeps one context a process, and has threads of its own.
   */
  readonly workers?: number;
  readonly device?: Device;
}

/** Worker threads that run tasks, so that the thread with the event loop never waits for a network. */
export interface InferencePool {
  readonly workers: number;
  readonly device: Device;
  /** Makes a task ready in every worker. Optional, but errors of its models show here instead of at the first run. */
  load<Payload, Result>(task: Task<Payload, Result>): Promise<void>;
  /**
   * Runs a task in the first free worker; runs that wait start in the order of their calls.
   * `transfer` lists the buffers of the payload that move; shared buffers are shared, all else is copied.
   * @throws DeadpanError with the code of the task's own DeadpanError, E_ENGINE for anything else that failed,
   * E_INTERRUPTED when the pool was closed before the run began
   */
  run<Payload, Result>(
    task: Task<Payload, Result>,
    payload: Payload,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Result>;
  /** Lets the runs in progress end, rejects those that wait, and stops the workers. */
  close(): Promise<void>;
}

interface Job {
  readonly request: WorkerRequest;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: DeadpanError) => void;
}

interface Seat {
  worker: Worker | undefined;
  /** What the worker is at. */
  job: Job | undefined;
  /** What only this worker can do, before it takes from the common line. */
  readonly own: Job[];
}

/** A worker keeps next to nothing from run to run: with room for more it would only collect its garbage later. */
const YOUNG_MB = 12;
const WORKER_MODULE = new URL('./inference-worker.js', import.meta.url);

/** Starts a pool. Workers start with their first run, and one that dies is replaced at the next. */
export function createInferencePool(options: InferencePoolOptions = {}): InferencePool {
  keepToMachine();
  const device = options.device ?? 'auto';
  const size = device === 'tfjs' ? 1 : (options.workers ?? defaultWorkers(device));
  const seats: Seat[] = Array.from({ length: size }, () => ({ worker: undefined, job: undefined, own: [] }));
  const waiting: Job[] = [];
  let closing: Promise<void> | undefined;

  function settle(seat: Seat): Job | undefined {
    const { job } = seat;
    seat.job = undefined;
    return job;
  }

  function startWorker(seat: Seat): Worker {
    const worker = new Worker(WORKER_MODULE, {
      name: 'deadpan-inference',
      workerData: { device },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    let reason: unknown;
    worker.on('message', (reply: WorkerReply) => {
      const job = settle(seat);
      if (reply.kind === 'result') job?.resolve(reply.result);
      else job?.reject(fromFailure(reply.failure));
      dispatch();
    });
    worker.on('error', (error) => {
      reason = error;
    });
    worker.on('messageerror', (error) => {
      settle(seat)?.reject(died(error));
      dispatch();
    });
    worker.on('exit', (code) => {
      seat.worker = undefined;
      settle(seat)?.reject(died(reason ?? `exit code ${code}`));
      dispatch();
    });
    return worker;
  }

  function assign(seat: Seat, job: Job): void {
    seat.job = job;
    try {
      seat.worker ??= startWorker(seat);
      seat.worker.postMessage(job.request, [...job.transfer]);
    } catch (error) {
      // What cannot be cloned, or a thread that cannot start.
      settle(seat)?.reject(died(error));
    }
  }

  function dispatch(): void {
    for (const seat of seats) {
      if (seat.job !== undefined) continue;
      const job = seat.own.shift() ?? waiting.shift();
      if (job !== undefined) assign(seat, job);
    }
  }

  function submit(
    line: Job[],
    request: WorkerRequest,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<unknown> {
    if (closing !== undefined) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      line.push({ request, transfer, resolve, reject });
      dispatch();
    });
  }

  async function stop(): Promise<void> {
    for (const line of [waiting, ...seats.map(({ own }) => own)]) {
      for (const job of line.splice(0)) job.reject(closed());
    }
    await Promise.all(seats.map(({ worker }) => stopWorker(worker)));
  }

  return {
    workers: size,
    device,
    async load(task) {
      const request: WorkerRequest = { kind: 'load', task: task as Task<unknown, unknown> };
      await Promise.all(seats.map(({ own }) => submit(own, request)));
    },
    run<Payload, Result>(
      task: Task<Payload, Result>,
      payload: Payload,
      transfer: readonly ArrayBuffer[] = [],
    ) {
      const request: WorkerRequest = { kind: 'run', task: task as Task<unknown, unknown>, payload };
      return submit(waiting, request, transfer) as Promise<Result>;
    },
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

function defaultWorkers(device: Device): number {
  return device === 'cuda' || device === 'webgpu' ? 1 : availableParallelism();
}

async function stopWorker(worker: Worker | undefined): Promise<void> {
  if (worker === undefined) return;
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      resolve();
    });
  });
  // By message, after the run in progress: a worker that is terminated inside one takes the process with it.
  worker.postMessage({ kind: 'close' } satisfies WorkerRequest);
  await exited;
}

function died(reason: unknown): DeadpanError {
  return new DeadpanError(
    'E_ENGINE',
    `An inference worker stopped in the middle of a run: ${sentenceOf(reason)}`,
    {
      cause: reason,
    },
  );
}

function closed(): DeadpanError {
  return new DeadpanError('E_INTERRUPTED', 'The inference pool was closed before a run began.');
}

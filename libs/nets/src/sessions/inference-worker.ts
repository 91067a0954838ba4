/* The main module of a pool's worker thread: loads tasks, runs them one at a time, stops when told. */
import { parentPort, workerData } from 'node:worker_threads';
import { openEngine } from './engine.js';
import { toFailure, type WorkerReply, type WorkerRequest } from './message.js';
import type { Device, Session } from './session.js';
import type { Task, TaskFactory, TaskRun } from './task.js';

const port = parentPort;
if (port === null) throw new TypeError('The inference worker runs in a worker thread only.');

const { device } = workerData as { device: Device };
const sessions: Session[] = [];
const ready = new Map<number, Promise<TaskRun<unknown, unknown>>>();
// Requests are answered in order, each after the one before it: a session must not be entered twice.
let last: Promise<void> = Promise.resolve();

port.on('message', (request: WorkerRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === 'close') return stop();
  try {
    const run = await load(request.task);
    if (request.kind === 'load') {
      send({ kind: 'result', result: undefined });
      return;
    }
    const { result, transfer = [] } = await run(request.payload);
    send({ kind: 'result', result }, transfer);
  } catch (error) {
    send({ kind: 'failure', failure: toFailure(error) });
  }
}

function load(task: Task<unknown, unknown>): Promise<TaskRun<unknown, unknown>> {
  const known = ready.get(task.id);
  if (known !== undefined) return known;
  const loading = start(task);
  ready.set(task.id, loading);
  // A task that failed to load is tried again by its next run.
  loading.catch(() => ready.delete(task.id));
  return loading;
}

async function start(task: Task<unknown, unknown>): Promise<TaskRun<unknown, unknown>> {
  const engine = await openEngine(device);
  const module = (await import(task.module)) as Record<
    string,
    TaskFactory<unknown, unknown, unknown> | undefined
  >;
  const factory = module[task.factory];
  if (factory === undefined) throw new TypeError(`${task.module} exports no factory called ${task.factory}.`);
  return factory(task.options, async (model) => {
    const session = await engine.open(model);
    sessions.push(session);
    return session;
  });
}

async function stop(): Promise<void> {
  for (const session of sessions) await session.release();
  port?.close();
}

function send(reply: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(reply, [...transfer]);
}

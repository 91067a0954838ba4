import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildLandmarkNet, buildSsdDetector, buildTinyDetector } from '@deadpan/nets';

import { root } from './folders.js';
import { readTrace } from './trace/trace.js';

/** The runs of one network. */
export interface NetworkUse {
  readonly name: string;
  readonly calls: number;
  /** Pictures in all calls together. */
  readonly pictures: number;
  readonly cpuSeconds: number;
}

/** Where the CPU seconds of `deadpan` went, in one run. */
export interface Profile {
  readonly networks: readonly NetworkUse[];
  /** What the workers did besides running networks: pixels, messages, loading. */
  readonly workersElseSeconds: number;
  readonly mainThreadSeconds: number;
  /** The process's other threads: garbage collection, compilation, files. */
  readonly otherThreadsSeconds: number;
  /** ffmpeg. */
  readonly decodeSeconds: number;
  /** By stage, as run.json has it: wall clock, summed over calls that run side by side or wait for a worker. */
  readonly stageSeconds: Readonly<Record<string, number>>;
}

/** Adds up a trace. */
export function profileOf(folder: string, stageSeconds: Readonly<Record<string, number>>): Profile {
  const threads = readTrace(folder);
  const names = networkNames();
  const networks = new Map<string, NetworkUse>();
  for (const { model, inputs, cpu } of threads.flatMap(({ calls }) => calls)) {
    const name = names.get(model) ?? model.slice(0, 12);
    const { calls, pictures, cpuSeconds } = networks.get(name) ?? { calls: 0, pictures: 0, cpuSeconds: 0 };
    const batch = Object.values(inputs)[0]?.dims[0] ?? 0;
    networks.set(name, { name, calls: calls + 1, pictures: pictures + batch, cpuSeconds: cpuSeconds + cpu });
  }
  const main = threads.find(({ thread }) => thread === 'main');
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const workers = sum(threads.filter(({ thread }) => thread === 'worker').map(({ cpu }) => cpu));
  const mainThreadSeconds = main?.cpu ?? 0;
  return {
    networks: [...networks.values()].sort((a, b) => b.cpuSeconds - a.cpuSeconds),
    workersElseSeconds: workers - sum([...networks.values()].map(({ cpuSeconds }) => cpuSeconds)),
    mainThreadSeconds,
    otherThreadsSeconds: Math.max(0, (main?.process?.own ?? 0) - workers - mainThreadSeconds),
    decodeSeconds: main?.process?.children ?? 0,
    stageSeconds,
  };
}

/** Names of the networks by the SHA-256 of their ONNX files. */
function networkNames(): ReadonlyMap<string, string> {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const names = new Map([
    [sha256(buildSsdDetector().model), 'detector (SSD)'],
    [sha256(buildLandmarkNet()), 'landmarks'],
    [sha256(buildTinyDetector()), 'verifier (Tiny)'],
  ]);
  const models = process.env['DEADPAN_MODELS'] ?? join(root, 'models');
  for (const [folder, name] of [
    ['hng', 'neutral reference (HNG)'],
    ['fer', 'expression (FER)'],
  ] as const) {
    const path = join(models, folder, 'model.onnx');
    if (existsSync(path)) names.set(sha256(readFileSync(path)), name);
  }
  return names;
}

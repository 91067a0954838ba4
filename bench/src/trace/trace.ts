import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One run of a network. */
export interface TracedCall {
  /** SHA-256 of the network's ONNX bytes. */
  readonly model: string;
  /** Inputs by name: their dimensions, and the file in the trace's folder with such an input, float32. */
  readonly inputs: Readonly<Record<string, { readonly dims: readonly number[]; readonly file: string }>>;
  /** When it began, milliseconds since the epoch. */
  readonly at: number;
  /** CPU seconds of the thread. */
  readonly cpu: number;
}

/** What one thread of a traced process did. */
export interface ThreadTrace {
  readonly thread: 'main' | 'worker';
  /** CPU seconds of the thread. */
  readonly cpu: number;
  /** CPU seconds of the whole process and of its children; of the main thread only. */
  readonly process: { readonly own: number; readonly children: number } | null;
  /** The networks that were loaded, by SHA-256, with the session options they were loaded with. */
  readonly models: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly calls: readonly TracedCall[];
}

/** File of a network in the trace's folder. */
export const modelFile = (folder: string, sha256: string): string => join(folder, `${sha256}.onnx`);

/** Writes the trace of a thread; `id` tells it from the others. */
export function writeThreadTrace(folder: string, id: number, trace: ThreadTrace): void {
  writeFileSync(join(folder, `thread-${id}.json`), JSON.stringify(trace));
}

/** Reads the traces of all threads. */
export function readTrace(folder: string): ThreadTrace[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('thread-'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ThreadTrace);
}

import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Parameters, Weights } from '@deadpan/nets';
import { DeadpanError } from '@deadpan/shared';
import { DIVERGED_ADVICE } from './loops/require-finite.js';
import { writeWhole } from './write-whole.js';

/** Everything a run needs to go on: plain state (recipe, step, schedule, data position) and named arrays. */
export interface Checkpoint<State> {
  readonly state: State;
  readonly tensors: Parameters;
}

/**
 * Writes a checkpoint: u32 length of the header, header (JSON), then the arrays as float32, little-endian.
 * Written beside and moved into place, so that a killed run leaves the old one whole; the folder is made.
 * @throws DeadpanError E_TRAINING where an array holds what is no number: nothing could be made of it
 */
export async function writeCheckpoint<State>(
  file: string,
  { state, tensors }: Checkpoint<State>,
): Promise<void> {
  for (const [name, { data }] of tensors) {
    if (data.every(Number.isFinite)) continue;
    throw new DeadpanError(
      'E_TRAINING',
      `${file} is not written: ${name} holds values that are no numbers.`,
      {
        advice: DIVERGED_ADVICE,
      },
    );
  }
  const index = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  const header = Buffer.from(JSON.stringify({ format: 'deadpan-checkpoint-1', state, index }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const arrays = [...tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  await mkdir(dirname(file), { recursive: true });
  await writeWhole(file, Buffer.concat([length, header, ...arrays]));
}

/**
 * Reads a checkpoint back.
 * @throws DeadpanError E_TRAINING when the file is missing, cut off or something else
 */
export async function readCheckpoint<State>(file: string): Promise<Checkpoint<State>> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DeadpanError('E_TRAINING', `There is no checkpoint ${file}.`, { cause });
  });
  const invalid = (cause?: unknown): DeadpanError =>
    new DeadpanError('E_TRAINING', `${file} is not a whole checkpoint.`, { cause });
  if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) throw invalid();
  let offset = 4 + bytes.readUInt32LE(0);
  let header: { format: string; state: State; index: { name: string; shape: number[] }[] };
  try {
    header = JSON.parse(bytes.toString('utf8', 4, offset)) as typeof header;
  } catch (cause) {
    throw invalid(cause);
  }
  if (header.format !== 'deadpan-checkpoint-1') throw invalid();
  const tensors = new Map<string, Weights>();
  for (const { name, shape } of header.index) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (offset + 4 * count > bytes.length) throw invalid();
    const data = new Float32Array(count);
    Buffer.from(data.buffer).set(bytes.subarray(offset, offset + 4 * count));
    tensors.set(name, { shape, data });
    offset += 4 * count;
  }
  return { state: header.state, tensors };
}

/** The arrays whose names begin with `prefix`, without it. */
export function tensorsUnder(tensors: Parameters, prefix: string): Map<string, Weights> {
  const found = new Map<string, Weights>();
  for (const [name, weights] of tensors)
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), weights);
  return found;
}

/** Joins several sets of arrays into one, each under its prefix. */
export function joinTensors(parts: Readonly<Record<string, Parameters>>): Map<string, Weights> {
  const joined = new Map<string, Weights>();
  for (const [prefix, tensors] of Object.entries(parts))
    for (const [name, weights] of tensors) joined.set(prefix + name, weights);
  return joined;
}

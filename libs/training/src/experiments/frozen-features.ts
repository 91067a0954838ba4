import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { centreCrop, cropSide, takeCrop } from '../datasets/augment-face.js';
import { expressionInput } from '../datasets/expression-input.js';
import { runSomeLayers } from '../networks/run-network.js';
import { createVariables, disposeVariables } from '../networks/variables.js';
import { createRandom } from '../random.js';
import type { Trunk } from './trunk.js';

/** What the frozen part of a trunk makes of faces, plain and mirrored; `size` numbers a face, a row for each face. */
export interface FrozenFeatures {
  readonly size: number;
  readonly plain: Float32Array;
  readonly mirrored: Float32Array;
}

const BATCH = 64;

/** How far the work is. */
export type OnFeatures = (done: number, of: number) => void;

/**
 * Runs the frozen part once over the centre crop of canvases and of their mirror images; kept as a file, so that a
 * second call reads it back. Rows that are not asked for stay 0.
 * @param canvasAt aligned canvas of a face, see `canvasOf`
 * @param wanted faces whose plain and whose mirrored row is needed
 * @param folder where the files go
 * @param name names the files; they also carry a hash of the canvases, so that other faces are never taken for these
 */
export async function frozenFeatures(
  trunk: Trunk,
  count: number,
  canvasAt: (index: number) => Uint8Array,
  wanted: Readonly<Record<'plain' | 'mirrored', readonly number[]>>,
  folder: string,
  name: string,
  onProgress: OnFeatures = () => undefined,
): Promise<FrozenFeatures> {
  const size = trunk.shape.reduce((product, extent) => product * extent, 1);
  const hash = createHash('sha256').update(`${trunk.name} ${trunk.from} `);
  const rows = [
    ...wanted.plain.map((index) => ({ index, flip: false })),
    ...wanted.mirrored.map((index) => ({ index, flip: true })),
  ];
  for (const { index, flip } of rows) hash.update(`${index} ${flip}`).update(canvasAt(index));
  const file = join(folder, `${name}-${trunk.name}-${hash.digest('hex').slice(0, 12)}.f32`);
  const length = count * size;
  if (existsSync(file)) {
    const bytes = await readFile(file);
    if (bytes.byteLength === 8 * length) return views(bytes, size, length);
  }
  const values = new Float32Array(2 * length);
  const variables = createVariables(trunk.network, createRandom(1), trunk.parameters);
  for (let start = 0; start < rows.length; start += BATCH) {
    const part = rows.slice(start, start + BATCH);
    const pixels = new Float32Array(part.length * cropSide * cropSide);
    part.forEach(({ index, flip }, row) => {
      const crop = takeCrop(canvasAt(index), { ...centreCrop, flip });
      pixels.set(expressionInput(crop), row * cropSide * cropSide);
    });
    const features = frozenPart(trunk, variables, pixels, part.length);
    part.forEach(({ index, flip }, row) => {
      values.set(features.subarray(row * size, (row + 1) * size), (flip ? length : 0) + index * size);
    });
    onProgress(start + part.length, rows.length);
    await setImmediate();
  }
  disposeVariables(variables);
  const bytes = Buffer.from(values.buffer);
  const written = await open(`${file}.part`, 'w');
  await written.writeFile(bytes);
  await written.close();
  await rename(`${file}.part`, file);
  return views(bytes, size, length);
}

function views(bytes: Buffer, size: number, length: number): FrozenFeatures {
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, 2 * length);
  return { size, plain: values.subarray(0, length), mirrored: values.subarray(length) };
}

function frozenPart(
  trunk: Trunk,
  variables: ReturnType<typeof createVariables>,
  pixels: Float32Array,
  rows: number,
): Float32Array {
  return tf.tidy(() => {
    const x = tf.tensor4d(pixels, [rows, cropSide, cropSide, 1]);
    const values = new Map<string, Tensor>([[trunk.network.input.name, x]]);
    runSomeLayers(trunk.network, variables, values, (name) => trunk.frozen.has(name));
    return (values.get(trunk.from) as Tensor4D).dataSync<'float32'>();
  });
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DeadpanError } from '@deadpan/shared';
import type { Weights } from '../onnx/index.js';

/** The networks whose weights @vladmandic/face-api ships and that Deadpan runs or trains from. */
export type FaceApiModel =
  | 'ssd_mobilenetv1'
  | 'tiny_face_detector'
  | 'face_landmark_68'
  | 'face_landmark_68_tiny'
  | 'face_recognition';

/** A network's trained tensors by the names of its manifest, in TensorFlow's layouts. */
export type WeightMap = ReadonlyMap<string, Weights>;

interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
}

/**
 * Reads a network's weights from the installed @vladmandic/face-api package: the manifest (TensorFlow.js weights
 * format, one group) and its binary file, with 8-bit and 16-bit entries made floats again (value * scale + min).
 * @throws DeadpanError E_MODEL_MISSING where a file is not there, E_MODEL_INVALID where it is not as the manifest says
 */
export function readFaceApiWeights(model: FaceApiModel): WeightMap {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
    'model',
  );
  const manifest = parseManifest(read(join(folder, `${model}_model-weights_manifest.json`)), model);
  const bytes = read(join(folder, `${model}_model.bin`));
  const weights = new Map<string, Weights>();
  let offset = 0;
  for (const entry of manifest) {
    const size = entry.shape.reduce((product, side) => product * side, 1);
    const stored = entry.quantization?.dtype ?? entry.dtype;
    const length = size * (BYTES[stored] ?? invalid(model, `it stores ${entry.name} as ${stored}`));
    if (offset + length > bytes.length) invalid(model, `its file ends before ${entry.name}`);
    // A copy, since a typed array of wider elements must start at a multiple of their size.
    const block = bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length);
    weights.set(entry.name, {
      shape: entry.shape,
      data: toFloats(block as ArrayBuffer, stored, entry.quantization),
    });
    offset += length;
  }
  if (offset !== bytes.length)
    invalid(model, `its file holds ${bytes.length} bytes where the manifest lists ${offset}`);
  return weights;
}

/** A tensor of a {@link WeightMap} that must be there. */
export function weightsOf(map: WeightMap, name: string): Weights {
  return map.get(name) ?? invalid('face-api', `it lacks ${name}`);
}

const BYTES: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, int32: 4, float32: 4 };

function toFloats(
  block: ArrayBuffer,
  stored: string,
  quantization: ManifestEntry['quantization'],
): Float32Array {
  const values =
    stored === 'uint8'
      ? new Uint8Array(block)
      : stored === 'uint16'
        ? new Uint16Array(block)
        : stored === 'int32'
          ? new Int32Array(block)
          : new Float32Array(block);
  const { scale = 1, min = 0 } = quantization ?? {};
  const floats = new Float32Array(values.length);
  for (let i = 0; i < floats.length; i += 1) floats[i] = (values[i] ?? 0) * scale + min;
  return floats;
}

function parseManifest(bytes: Buffer, model: string): readonly ManifestEntry[] {
  const groups: unknown = JSON.parse(bytes.toString('utf8'));
  const group: unknown = Array.isArray(groups) ? groups[0] : undefined;
  if (typeof group !== 'object' || group === null || !('weights' in group) || !Array.isArray(group.weights)) {
    return invalid(model, 'its manifest lists no weights');
  }
  return group.weights as ManifestEntry[];
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DeadpanError(
      'E_MODEL_MISSING',
      `A weight file of @vladmandic/face-api cannot be read: ${file}.`,
      {
        cause,
        advice: 'Install the dependencies again with npm ci.',
      },
    );
  }
}

function invalid(model: string, what: string): never {
  throw new DeadpanError('E_MODEL_INVALID', `The weights of ${model} are not usable: ${what}.`, {
    advice: 'Install the dependencies again with npm ci.',
  });
}

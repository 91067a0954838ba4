import type { Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';
import { generatorSide } from '../datasets/hng-pools.js';
import { generate, type Model } from './hng-step.js';

/** The references of faces, grey levels 0..1, 64x64 each. */
export function referencesOf(model: Model, faces: readonly Float32Array[], batch = 64): Float32Array[] {
  const size = generatorSide * generatorSide;
  const references: Float32Array[] = [];
  for (let start = 0; start < faces.length; start += batch) {
    const part = faces.slice(start, start + batch);
    const values = tf.tidy(() =>
      tf.clipByValue(generate(model, stackFaces(part), false), 0, 1).dataSync<'float32'>(),
    );
    part.forEach((_, row) => references.push(values.slice(row * size, (row + 1) * size)));
  }
  return references;
}

/** Faces of 64x64 pixels as one tensor. */
export function stackFaces(faces: readonly Float32Array[]): Tensor4D {
  const size = generatorSide * generatorSide;
  const pixels = new Float32Array(faces.length * size);
  faces.forEach((face, row) => {
    pixels.set(face, row * size);
  });
  return tf.tensor4d(pixels, [faces.length, generatorSide, generatorSide, 1]);
}

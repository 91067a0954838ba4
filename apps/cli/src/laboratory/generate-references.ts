import { createInferencePool, readHngModel, type InferencePool } from '@deadpan/nets';
import { referenceTask } from '@deadpan/normalize';
import { CROP_SIZE } from '@deadpan/shared';

import { modelFolder } from '../models-folder.js';

/** The released generator of references, for experiments. */
export interface ReferenceGenerator {
  /** Name and version of the model. */
  readonly name: string;
  readonly sha256: string;
  readonly referencesOf: (faces: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;
  close(): Promise<void>;
}

/**
 * Opens the released generator.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export async function openReferenceGenerator(): Promise<ReferenceGenerator> {
  const released = await readHngModel(modelFolder('hng'));
  const pool: InferencePool = createInferencePool({ device: 'cpu' });
  const generate = referenceTask(released.model);
  const size = CROP_SIZE * CROP_SIZE;
  return {
    name: `${released.artifact.name} ${released.artifact.version}`,
    sha256: released.artifact.sha256,
    async referencesOf(faces) {
      const crops = new Uint8Array(faces.length * size);
      faces.forEach((face, index) => {
        crops.set(face, index * size);
      });
      const references = await pool.run(generate, { crops }, [crops.buffer]);
      return faces.map((_, index) => references.subarray(index * size, (index + 1) * size));
    },
    close: () => pool.close(),
  };
}

import type { InferencePool, ReleasedModel, HngArtifact } from '@deadpan/nets';
import { CROP_SIZE, ok, type Face, type FacePair, type MapStage } from '@deadpan/shared';

import { referenceTask } from './reference-task.js';

const PIXELS = CROP_SIZE * CROP_SIZE;

/**
 * The map stage that puts beside every face its neutral reference, generated from it by HNG. All faces of a call share
 * one batch of the network; frames without a face pass through. The first call loads the network; `load` does before,
 * in every worker, and rejects with what is wrong with it.
 */
export function createNormalizeStage(
  pool: InferencePool,
  { model }: ReleasedModel<HngArtifact>,
): MapStage<Face, FacePair> & { readonly load: () => Promise<void> } {
  const generate = referenceTask(model);
  const normalize: MapStage<Face, FacePair> = async function normalize(records) {
    const crops = new Uint8Array(records.filter(({ face }) => face !== null).length * PIXELS);
    let filled = 0;
    for (const { face } of records) {
      if (face === null) continue;
      crops.set(face.crop, filled);
      filled += PIXELS;
    }
    const references = filled === 0 ? crops : await pool.run(generate, { crops }, [crops.buffer]);
    let taken = 0;
    return records.map((record) => {
      if (record.face === null) return ok({ ...record, face: null });
      const reference = references.slice(taken, (taken += PIXELS));
      return ok({ ...record, face: { ...record.face, reference } });
    });
  };
  return Object.assign(normalize, { load: () => pool.load(generate) });
}

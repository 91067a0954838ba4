import type { FerArtifact, InferencePool, ReleasedModel } from '@deadpan/nets';
import { CROP_SIZE, ok, type Expression, type FacePair, type MapStage } from '@deadpan/shared';

import { expressionTask } from './expression-task.js';

const PIXELS = CROP_SIZE * CROP_SIZE;

/**
 * The map stage that classifies every face and measures how far it is from its own neutral reference. All faces of a
 * call share one batch of the network; frames without a face pass through. Pixels end here. The first call loads
 * the network; `load` does before, in every worker, and rejects with what is wrong with it.
 */
export function createClassifyStage(
  pool: InferencePool,
  { artifact, model }: ReleasedModel<FerArtifact>,
): MapStage<FacePair, Expression> & { readonly load: () => Promise<void> } {
  const expressions = expressionTask({ model, intensity: artifact.intensity });
  const modelName = `${artifact.name} ${artifact.version}`;
  const classify: MapStage<FacePair, Expression> = async function classify(records) {
    const seen = records.map(({ face }) => face).filter((face) => face !== null);
    const crops = new Uint8Array(seen.length * PIXELS);
    const references = new Uint8Array(seen.length * PIXELS);
    for (const [i, face] of seen.entries()) {
      crops.set(face.crop, i * PIXELS);
      references.set(face.reference, i * PIXELS);
    }
    const { probabilities, intensities } =
      seen.length === 0
        ? { probabilities: [], intensities: [] }
        : await pool.run(expressions, { crops, references }, [crops.buffer, references.buffer]);
    let next = 0;
    return records.map((record) => {
      if (record.face === null) return ok({ ...record, face: null });
      const { track, box, detection, landmarks, pose, quality } = record.face;
      const i = next;
      next += 1;
      const face = {
        ...{ track, box, detection, landmarks, pose, quality },
        probabilities: probabilities[i] ?? [],
        intensity: intensities[i] ?? 0,
        model: modelName,
      };
      return ok({ ...record, face });
    });
  };
  return Object.assign(classify, { load: () => pool.load(expressions) });
}

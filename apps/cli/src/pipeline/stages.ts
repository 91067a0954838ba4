import { createAlign, createAlignStage } from '@deadpan/align';
import { createClassifyStage, createWindowStage } from '@deadpan/classify';
import { readFerModel, readHngModel, type InferencePool } from '@deadpan/nets';
import { createNormalizeStage } from '@deadpan/normalize';

import type { DeadpanConfig } from '../config.js';
import { modelFolder } from '../models-folder.js';
import type { ModelFacts } from '../report/report-html.js';
import type { Stages } from './embedded.js';

/** The line's stages over one pool of workers and one set of models. */
export interface StageSet {
  readonly models: readonly ModelFacts[];
  /** Stages with a memory of their own, for one input or one process. */
  forInput(): Stages;
}

/**
 * Loads the models and makes the stages.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export async function createStageSet(pool: InferencePool, config: DeadpanConfig): Promise<StageSet> {
  const [hng, fer] = await Promise.all([readHngModel(modelFolder('hng')), readFerModel(modelFolder('fer'))]);
  const normalize = createNormalizeStage(pool, hng);
  const classify = createClassifyStage(pool, fer);
  return {
    models: [hng, fer].map(({ artifact: { name, version, sha256 } }) => ({ name, version, sha256 })),
    forInput: () => ({
      align: createAlignStage(createAlign({ pool, config: config.align })),
      normalize,
      classify,
      window: createWindowStage(config.window),
    }),
  };
}

import { alignTask, createAlign, createAlignStage, type AlignState } from '@deadpan/align';
import {
  createClassifyStage,
  createSlidingWindows,
  createWindowStage,
  type WindowsState,
} from '@deadpan/classify';
import { readFerModel, readHngModel, type InferencePool } from '@deadpan/nets';
import { createNormalizeStage } from '@deadpan/normalize';

import type { DeadpanConfig } from '../config.js';
import { modelFolder } from '../models-folder.js';
import type { ModelFacts } from '../report/report-html.js';
import type { Stages } from './embedded.js';

/** The line's stages over one pool of workers and one set of models. */
export interface StageSet {
  readonly models: readonly ModelFacts[];
  /** Resolves when every worker has loaded the networks; rejects with E_MODEL_INVALID where one is none, or E_ENGINE. */
  readonly loaded: Promise<void>;
  /** Stages with a memory of their own, for one input or one process; with `from` they go on from there. */
  forInput(from?: StagesState): InputStages;
}

/** Stages whose memory can be kept. */
export interface InputStages extends Stages {
  /** What they remember, while nothing is under way. */
  state(): Promise<StagesState>;
}

/** The memory of the stages that have one. A plain value: `v8.serialize` keeps it whole. */
export interface StagesState {
  readonly align: AlignState;
  readonly window: WindowsState;
}

/** Stages that have networks. */
const WITH_NETWORKS = ['normalize', 'classify', 'align'] as const;

/**
 * Makes the stages, and lets the workers load the networks of those that will run.
 * @param running names of stages; others may be among them
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID
 */
export async function createStageSet(
  pool: InferencePool,
  config: DeadpanConfig,
  running: readonly string[] = WITH_NETWORKS,
): Promise<StageSet> {
  const [hng, fer] = await Promise.all([readHngModel(modelFolder('hng')), readFerModel(modelFolder('fer'))]);
  const normalize = createNormalizeStage(pool, hng);
  const classify = createClassifyStage(pool, fer);
  // Those of align come last: they are converted first, which takes this thread as long as the workers take to load the
  // others.
  const load = { normalize: normalize.load, classify: classify.load, align: () => pool.load(alignTask()) };
  const loads = WITH_NETWORKS.filter((name) => running.includes(name)).map((name) => load[name]());
  const loaded = Promise.all(loads).then(() => undefined);
  loaded.catch(() => undefined);
  return {
    loaded,
    models: [hng, fer].map(({ artifact: { name, version, sha256 } }) => ({ name, version, sha256 })),
    forInput(from) {
      const align = createAlign({ pool, config: config.align, ...(from && { known: from.align }) });
      const windows = createSlidingWindows(config.window, from?.window);
      return {
        align: createAlignStage(align),
        normalize,
        classify,
        window: createWindowStage(config.window, undefined, windows),
        state: async () => ({ align: await align.state(), window: windows.state }),
      };
    },
  };
}

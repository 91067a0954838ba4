import { createClassifyStage } from '@deadpan/classify';
import { createInferencePool, readFerModel, readHngModel, type Device } from '@deadpan/nets';
import { createNormalizeStage } from '@deadpan/normalize';
import { CROP_SIZE, DeadpanError, type Face, type FacePair } from '@deadpan/shared';

import { modelFolder } from '../models-folder.js';

/** How fast the networks of a face (reference, expression) run with these settings. */
export interface TuningTrial {
  readonly workers: number;
  readonly batchSize: number;
  readonly facesPerSecond: number;
}

/** What was measured, and what is best on this machine. */
export interface Tuning {
  readonly trials: readonly TuningTrial[];
  readonly best: TuningTrial;
}

/** What is tried. */
export interface TuningPlan {
  readonly device: Device;
  readonly workers: readonly number[];
  readonly batchSizes: readonly number[];
  /** How long each pair of settings is measured, seconds. */
  readonly seconds: number;
}

/** Within this share of the fastest, fewer workers and smaller batches are better: they take less memory and wait less. */
const AS_FAST = 0.97;

/** Worker counts worth trying where there are `cores`: 1 and its doubles, and one a core. */
export function workerCounts(cores: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < cores; count *= 2) counts.push(count);
  return [...counts, cores];
}

/**
 * Runs the networks with every worker count and batch size of a plan.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID, E_ENGINE_MISSING
 */
export async function tuneInference(
  { device, workers, batchSizes, seconds }: TuningPlan,
  onTrial: (trial: TuningTrial) => void = () => undefined,
): Promise<Tuning> {
  const [hng, fer] = await Promise.all([readHngModel(modelFolder('hng')), readFerModel(modelFolder('fer'))]);
  const trials: TuningTrial[] = [];
  for (const count of workers) {
    const pool = createInferencePool({ device, workers: count });
    try {
      const normalize = createNormalizeStage(pool, hng);
      const classify = createClassifyStage(pool, fer);
      const work = async (faces: readonly Face[]): Promise<void> => {
        const pairs = (await normalize(faces)).flatMap((outcome): readonly FacePair[] => {
          if (outcome.kind !== 'ok')
            throw new DeadpanError('E_ENGINE', 'A face of the trial was not worked on.');
          return outcome.values;
        });
        await classify(pairs);
      };
      // Two batches a worker, so that none waits for this thread.
      const lines = Array.from({ length: 2 * count }, (_, i) => i);
      for (const batchSize of batchSizes) {
        const faces = Array.from({ length: batchSize }, (_, i) => trialFace(i));
        // Once before the clock starts: the networks load.
        await Promise.all(lines.map(() => work(faces)));
        const started = performance.now();
        const over = (): boolean => performance.now() - started >= seconds * 1000;
        let done = 0;
        const line = async (): Promise<void> => {
          do {
            await work(faces);
            done += batchSize;
          } while (!over());
        };
        await Promise.all(lines.map(line));
        const trial = {
          workers: count,
          batchSize,
          facesPerSecond: (done * 1000) / (performance.now() - started),
        };
        trials.push(trial);
        onTrial(trial);
      }
    } finally {
      await pool.close();
    }
  }
  return { trials, best: bestOf(trials) };
}

/**
 * The trial with the fewest workers, and of those the smallest batch, among those as fast as the fastest.
 * @param trials at least one
 */
export function bestOf(trials: readonly TuningTrial[]): TuningTrial {
  const fastest = Math.max(...trials.map(({ facesPerSecond }) => facesPerSecond));
  const [best] = trials
    .filter(({ facesPerSecond }) => facesPerSecond >= AS_FAST * fastest)
    .sort((a, b) => a.workers - b.workers || a.batchSize - b.batchSize);
  if (best === undefined) throw new RangeError('Nothing was tried.');
  return best;
}

/** What a network has to do does not depend on what it sees: any pixels do. */
function trialFace(number: number): Face {
  const crop = Uint8Array.from({ length: CROP_SIZE * CROP_SIZE }, (_, i) => (i * (number + 7)) % 256);
  return {
    camera: 'trial',
    epoch: 0,
    sequence: number,
    timeUs: 0,
    width: CROP_SIZE,
    height: CROP_SIZE,
    faces: 1,
    face: {
      track: '1',
      box: { x: 0, y: 0, width: CROP_SIZE, height: CROP_SIZE },
      detection: 1,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 1,
      crop,
    },
  };
}

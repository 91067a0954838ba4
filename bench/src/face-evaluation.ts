import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { createClassifyStage } from '@deadpan/classify';
import { createInferencePool, readFerModel, readHngModel } from '@deadpan/nets';
import { createNormalizeStage } from '@deadpan/normalize';
import { CROP_SIZE, type Face } from '@deadpan/shared';

import { FFMPEG } from './ffmpeg.js';
import { root } from './folders.js';
import { median } from './results.js';

/** What the two networks cost a face that is aligned already: its reference made, both classified and compared. */
export interface FaceEvaluation {
  readonly batch: number;
  readonly workers: number;
  /** Wall clock over faces, all workers busy. */
  readonly msPerFace: number;
  /** CPU time over faces. */
  readonly cpuMsPerFace: number;
}

const BATCH = 16;
const WORKERS = 2;
const BATCHES = 24;
/** A face of the demo clip, cut out closely; as many pictures of it as a batch needs. */
const CUT = 'select=not(mod(n\\,8)),crop=170:170:25:90,format=gray';

/** Measures it through the stages of the line, with every batch full. */
export async function measureFaceEvaluation(
  rounds: number,
  say: (line: string) => void,
): Promise<FaceEvaluation> {
  const models = process.env['DEADPAN_MODELS'] ?? join(root, 'models');
  const [hng, fer] = await Promise.all([
    readHngModel(join(models, 'hng')),
    readFerModel(join(models, 'fer')),
  ]);
  const pool = createInferencePool({ device: 'cpu', workers: WORKERS });
  try {
    const normalize = createNormalizeStage(pool, hng);
    const classify = createClassifyStage(pool, fer);
    const faces = sampleFaces();
    const evaluate = async (): Promise<void> => {
      const pairs = await normalize(faces);
      await classify(pairs.flatMap((outcome) => (outcome.kind === 'ok' ? outcome.values : [])));
    };
    const evaluateAll = async (count: number): Promise<void> => {
      let left = count;
      const lane = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await evaluate();
        }
      };
      // A lane more than workers, so that none waits for the other network's batch.
      await Promise.all(Array.from({ length: WORKERS + 1 }, lane));
    };
    await evaluateAll(WORKERS * 2);
    const measured: { readonly ms: number; readonly cpuMs: number }[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const [at, before] = [performance.now(), process.cpuUsage()];
      await evaluateAll(BATCHES);
      const { user, system } = process.cpuUsage(before);
      const count = BATCHES * BATCH;
      const ms = (performance.now() - at) / count;
      measured.push({ ms, cpuMs: (user + system) / 1000 / count });
      say(`evaluation of a face: round ${round}: ${ms.toFixed(2)} ms`);
    }
    return {
      batch: BATCH,
      workers: WORKERS,
      msPerFace: Number(median(measured.map(({ ms }) => ms)).toFixed(2)),
      cpuMsPerFace: Number(median(measured.map(({ cpuMs }) => cpuMs)).toFixed(2)),
    };
  } finally {
    await pool.close();
  }
}

function sampleFaces(): Face[] {
  const size = CROP_SIZE * CROP_SIZE;
  const args = ['-nostdin', '-v', 'error', '-i', join(root, 'test/media/clip.mp4')];
  const output = ['-frames:v', `${BATCH}`, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'];
  const filter = `${CUT},scale=${CROP_SIZE}:${CROP_SIZE}`;
  const pixels = execFileSync(FFMPEG, [...args, '-vf', filter, ...output]);
  if (pixels.length !== BATCH * size) throw new Error('ffmpeg gave no faces of the demo clip.');
  return Array.from({ length: BATCH }, (_, i) => ({
    camera: 'bench',
    epoch: 0,
    sequence: i,
    timeUs: i,
    width: CROP_SIZE,
    height: CROP_SIZE,
    faces: 1,
    face: {
      track: `${i}`,
      box: { x: 0, y: 0, width: CROP_SIZE, height: CROP_SIZE },
      detection: 1,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 1,
      crop: new Uint8Array(pixels.subarray(i * size, (i + 1) * size)),
    },
  }));
}

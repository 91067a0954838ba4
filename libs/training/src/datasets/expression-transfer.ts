import {
  buildLandmarkNet,
  createInferencePool,
  createLandmarker,
  LANDMARK_INPUT_SIZE,
  regionOfLandmarks,
  task,
  type InferencePool,
  type OpenSession,
  type TaskRun,
} from '@deadpan/nets';
import { CLASSES, DeadpanError } from '@deadpan/shared';
import { squareToImage } from '@deadpan/vision';

import { createRandom, uniform } from '../random.js';
import { warp, type Points } from './displacement.js';
import { canvasOf, canvasSide, type CachedFace, type FaceCache } from './face-cache.js';
import { betweenLips, hasOpened, hasTurned } from './open-mouth.js';
import { hngPools, type FaceAt, type FacePairAt, type PoolSource } from './hng-pools.js';

/** Places landmarks on an aligned canvas, in a worker. */
export async function createCanvasLandmarkRun(
  _options: null,
  open: OpenSession,
): Promise<TaskRun<Uint8Array, Float32Array>> {
  const placeLandmarks = await createLandmarker(buildLandmarkNet(), open);
  return async (canvas) => {
    const data = new Uint8Array(canvas.length * 3);
    canvas.forEach((grey, i) => data.fill(grey, 3 * i, 3 * i + 3));
    const image = { width: canvasSide, height: canvasSide, data };
    const middle = canvasSide / 2;
    const [first] = await placeLandmarks(image, [squareToImage(middle, middle, 72, 0, LANDMARK_INPUT_SIZE)]);
    const [landmarks] = first
      ? await placeLandmarks(image, [regionOfLandmarks(first, LANDMARK_INPUT_SIZE)])
      : [];
    if (!landmarks) throw new Error('the landmark network placed nothing');
    return { result: Float32Array.from(landmarks) };
  };
}

const canvasLandmarks = task(import.meta.url, createCanvasLandmarkRun, null);

/** What an expression does to a face: how the points move, and how the pixels change. */
interface Donor {
  readonly neutral: Points;
  readonly expressive: Points;
  readonly pixels: Ratio | Mouth;
}

/** By what factor the light of each pixel of the expressive face changes. */
interface Ratio {
  readonly kind: 'ratio';
  readonly ratio: Float32Array;
}

/** What is to be seen between open lips: the expressive face, and its mean grey level. */
interface Mouth {
  readonly kind: 'mouth';
  readonly face: Float32Array;
  readonly level: number;
}

/** What to make. */
export interface TransferOptions {
  /** Caches with people in the same light, neutral and expressive: their expressions are given to others. */
  readonly donors: readonly PoolSource[];
  /**
   * Caches with people neutral and with open mouths, in any light: half of the pairs get the movement of such a face and
   * the inside of its mouth. Empty for none.
   */
  readonly mouths: readonly PoolSource[];
  /** Caches whose neutral faces receive them. */
  readonly receivers: readonly PoolSource[];
  /** Pairs to make. */
  readonly count: number;
  readonly seed: number;
  readonly onProgress?: (done: number, of: number) => void;
}

/** Keeps dark pixels from making noise of the ratio, grey levels. */
const DARK = 12;
/** Factors beyond these are hair or shadow that moved, not expression. */
const [LEAST, MOST] = [0.35, 2.8];
/** Strengths of the given expressions: 1 is the donor's own, and beyond it a smile becomes a laugh. */
const STRENGTHS = [0.45, 1.7] as const;
const MOUTH_STRENGTHS = [0.8, 1.2] as const;
const RECEIVERS = 4000;

/**
 * Pairs of an expressive face and the same face neutral, in the same light, sharp to the pixel: a neutral face is
 * given the expression of somebody who was photographed with both (geometry by their landmarks, light by their
 * ratio image; Liu, Shan and Zhang, "Expressive expression mapping with ratio images", SIGGRAPH 2001). The true neutral face is the target.
 * Where a mouth opens there is nothing to multiply, so what lies between the lips is the donor's.
 * The cache holds input and target of pair n as the pictures of a subject of its own. Only people who train take part.
 * @throws DeadpanError E_TRAINING when there is nobody to give or to receive
 */
export async function transferExpressions(name: string, options: TransferOptions): Promise<FaceCache> {
  const { count, seed, onProgress } = options;
  const donorPairs = hngPools(options.donors).pairs;
  const { neutral } = hngPools(options.receivers);
  if (donorPairs.length === 0 || neutral.length === 0) {
    throw new DeadpanError(
      'E_TRAINING',
      'There are no pairs in the same light to take expressions from, or no neutral faces to give them to.',
    );
  }
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const chosen = Array.from({ length: Math.min(RECEIVERS, count) }, () => pick(neutral));
  const pool = createInferencePool({ device: 'cpu' });
  let donors: readonly Donor[];
  let mouths: readonly Donor[];
  let points: readonly Points[];
  try {
    donors = await Promise.all(donorPairs.map((pair) => donorOf(pool, pair)));
    const shown = oneEach(hngPools(options.mouths).loosePairs);
    mouths = (await Promise.all(shown.map((pair) => mouthOf(pool, pair)))).filter((mouth) => mouth !== null);
    points = await Promise.all(chosen.map((face) => landmarksOf(pool, face)));
  } finally {
    await pool.close();
  }

  const size = canvasSide * canvasSide;
  const pixels = new Uint8Array(2 * count * size);
  const faces: CachedFace[] = [];
  for (let n = 0; n < count; n += 1) {
    const receiver = n % chosen.length;
    const face = chosen[receiver] as FaceAt;
    const canvas = canvasOf(face.cache, face.index);
    const opens = mouths.length > 0 && n % 2 === 1;
    const strength = opens ? uniform(random, ...MOUTH_STRENGTHS) : uniform(random, ...STRENGTHS);
    const expressive = give(canvas, points[receiver] as Points, pick(opens ? mouths : donors), strength);
    pixels.set(expressive, 2 * n * size);
    pixels.set(canvas, (2 * n + 1) * size);
    const { pose } = face.cache.faces[face.index] ?? {};
    for (const [label, kind] of [
      [1, 'given'],
      [0, 'own'],
    ] as const) {
      const target = CLASSES.map((_, k) => (k === label ? 1 : 0));
      faces.push({ path: `${n}-${kind}`, label, target, subject: `${name}-${n}`, ...(pose && { pose }) });
    }
    if (n % 100 === 99) onProgress?.(n + 1, count);
  }
  return { name, faces, pixels };
}

async function landmarksOf(pool: InferencePool, { cache, index }: FaceAt): Promise<Points> {
  return pool.run(canvasLandmarks, Uint8Array.from(canvasOf(cache, index)));
}

async function donorOf(pool: InferencePool, { input, target }: FacePairAt): Promise<Donor> {
  const [expressive, neutral] = await Promise.all([landmarksOf(pool, input), landmarksOf(pool, target)]);
  const shown = Float32Array.from(canvasOf(input.cache, input.index));
  const moved = warp(
    Float32Array.from(canvasOf(target.cache, target.index)),
    canvasSide,
    neutral,
    expressive,
  );
  const ratio = shown.map((grey, i) => {
    const factor = (grey + DARK) / ((moved[i] ?? 0) + DARK);
    return 1 + nearFace(expressive, i) * (Math.min(MOST, Math.max(LEAST, factor)) - 1);
  });
  return { neutral, expressive, pixels: { kind: 'ratio', ratio } };
}

/** One pair of each expressive face: who was photographed a hundred times would give ten thousand. */
function oneEach(pairs: readonly FacePairAt[]): FacePairAt[] {
  return [...new Map(pairs.map((pair) => [`${pair.input.cache.name} ${pair.input.index}`, pair])).values()];
}

/** Null where the mouth has not opened or the head has turned. */
async function mouthOf(pool: InferencePool, { input, target }: FacePairAt): Promise<Donor | null> {
  const [expressive, neutral] = await Promise.all([landmarksOf(pool, input), landmarksOf(pool, target)]);
  if (!hasOpened(neutral, expressive) || hasTurned(neutral, expressive)) return null;
  const face = Float32Array.from(canvasOf(input.cache, input.index));
  return { neutral, expressive, pixels: { kind: 'mouth', face, level: levelOf(face) } };
}

/** Mean grey level of the middle of a canvas: the face without what surrounds it. */
function levelOf(canvas: ArrayLike<number>): number {
  let sum = 0;
  const [from, to] = [canvasSide / 3, (2 * canvasSide) / 3];
  for (let y = from; y < to; y += 1)
    for (let x = from; x < to; x += 1) sum += canvas[y * canvasSide + x] ?? 0;
  return sum / (to - from) ** 2;
}

/** 1 within the face's features, 0 well outside of them: hair and background give nothing. */
function nearFace(points: Points, pixel: number): number {
  const [x, y] = [pixel % canvasSide, Math.floor(pixel / canvasSide)];
  let nearest = Infinity;
  // The jaw line (0..16) lies on the edge of the face and would let the background in.
  for (let i = 2 * 17; i < points.length; i += 2)
    nearest = Math.min(nearest, Math.hypot(x - (points[i] ?? 0), y - (points[i + 1] ?? 0)));
  return Math.min(1, Math.max(0, (10 - nearest) / 4));
}

function give(canvas: Uint8Array, neutral: Points, donor: Donor, strength: number): Uint8Array {
  const expressive = Float32Array.from(
    neutral,
    (at, i) => at + strength * ((donor.expressive[i] ?? 0) - (donor.neutral[i] ?? 0)),
  );
  const moved = warp(Float32Array.from(canvas), canvasSide, neutral, expressive);
  const { pixels } = donor;
  if (pixels.kind === 'mouth') {
    const shown = warp(pixels.face, canvasSide, donor.expressive, expressive);
    const gain = levelOf(canvas) / Math.max(1, pixels.level);
    return Uint8Array.from(moved, (grey, i) => {
      const share = betweenLips(expressive, i % canvasSide, Math.floor(i / canvasSide));
      return Math.min(255, Math.round(grey + share * (gain * (shown[i] ?? 0) - grey)));
    });
  }
  const ratio = warp(pixels.ratio, canvasSide, donor.expressive, expressive);
  return Uint8Array.from(moved, (grey, i) =>
    Math.min(255, Math.max(0, Math.round(grey * (1 + Math.min(1, strength) * ((ratio[i] ?? 1) - 1))))),
  );
}

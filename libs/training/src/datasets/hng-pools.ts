import { DeadpanError, type Pose } from '@deadpan/shared';
import { takeCrop, type Crop } from './augment-face.js';
import { canvasOf, canvasSide, type FaceCache } from './face-cache.js';
import { isHeldOut } from './split-subjects.js';
import { uniform, type Random } from '../random.js';

/** A face by its place. */
export interface FaceAt {
  readonly cache: FaceCache;
  readonly index: number;
}

/** An expressive face and a neutral one of the same person. */
export interface FacePairAt {
  readonly input: FaceAt;
  readonly target: FaceAt;
}

/** What a generator is taught from. */
export interface HngPools {
  /** Same person, same session and light. */
  readonly pairs: readonly FacePairAt[];
  /** Same person, any light and pose. */
  readonly loosePairs: readonly FacePairAt[];
  /** Neutral faces, frontal where the sources ask for it: their own reference, and the guiding set. */
  readonly neutral: readonly FaceAt[];
  /** Expressive faces of anybody. */
  readonly alone: readonly FaceAt[];
}

/** A source of faces for the pools. */
export interface PoolSource {
  readonly cache: FaceCache;
  readonly holdOutEvery: number;
  /** Pictures of a person were taken in one session. */
  readonly sameLight: boolean;
  /** How often each of its pairs is there to train on; 1 unless told. */
  readonly repeat?: number;
  /** Degrees by which the head of a neutral face may be turned or nod; any unless told. */
  readonly frontal?: number | undefined;
}

// Votes for a face to count as clearly neutral, or clearly expressive.
const CLEAR = 0.6;

/**
 * Sorts the faces of several caches into pools.
 * @param part faces of the people who train, or of those held out
 * @throws DeadpanError E_TRAINING where neutral faces are to be frontal and a cache does not say how its heads are turned
 */
export function hngPools(
  sources: readonly PoolSource[],
  part: 'training' | 'heldOut' = 'training',
): HngPools {
  const pairs: FacePairAt[] = [];
  const loosePairs: FacePairAt[] = [];
  const neutral: FaceAt[] = [];
  const alone: FaceAt[] = [];
  for (const { cache, holdOutEvery, sameLight, repeat = 1, frontal = Infinity } of sources) {
    const times = part === 'training' ? repeat : 1;
    const people = new Map<string, { neutral: FaceAt[]; expressive: FaceAt[] }>();
    cache.faces.forEach(({ label, target, subject }, index) => {
      if (label === undefined || !target || isHeldOut(subject, holdOutEvery) !== (part === 'heldOut')) return;
      const face = { cache, index };
      if (label === 0 && !isFrontal(cache, index, frontal)) return;
      const clear = (target[label] ?? 0) >= CLEAR;
      if (clear) (label === 0 ? neutral : alone).push(face);
      if (subject === undefined) return;
      const person = people.get(subject) ?? { neutral: [], expressive: [] };
      people.set(subject, person);
      person[label === 0 ? 'neutral' : 'expressive'].push(face);
    });
    for (const person of people.values()) {
      for (const input of person.expressive) {
        for (const target of person.neutral) {
          if (sameLight) for (let i = 0; i < times; i++) pairs.push({ input, target });
          else loosePairs.push({ input, target });
        }
      }
    }
  }
  return { pairs, loosePairs, neutral, alone };
}

function isFrontal({ name, faces }: FaceCache, index: number, limit: number): boolean {
  if (limit === Infinity) return true;
  const pose: Pose | undefined = faces[index]?.pose;
  if (pose === undefined) {
    throw new DeadpanError('E_TRAINING', `The set ${name} does not say how its heads are turned.`, {
      advice: 'Prepare it again, or leave "frontal" out of the recipe.',
    });
  }
  return Math.abs(pose.yaw) <= limit && Math.abs(pose.pitch) <= limit;
}

/** Draws how the 64x64 face is taken out of its canvas; a pair uses one draw for both. */
export function drawFaceCrop(random: Random): Crop {
  return {
    x: uniform(random, -1.5, 1.5),
    y: uniform(random, -1.5, 1.5),
    scale: uniform(random, 0.95, 1.06),
    rotation: (uniform(random, -4, 4) * Math.PI) / 180,
    flip: random.next() < 0.5,
    frame: [0, 0, canvasSide - 1, canvasSide - 1],
    outside: undefined,
  };
}

/** Side of the face that the generator reads. */
export const generatorSide = 64;

/** The 64x64 face, grey levels 0..1. */
export function generatorFace({ cache, index }: FaceAt, crop: Crop): Float32Array {
  return takeCrop(canvasOf(cache, index), crop, generatorSide, generatorSide).map((level) => level / 255);
}

/**
 * A light change, the same for both faces of a pair, in place.
 * @param light contrast and gamma
 */
export function applyLight(
  face: Float32Array,
  { contrast, gamma }: { contrast: number; gamma: number },
): void {
  for (let i = 0; i < face.length; i++)
    face[i] = Math.min(1, Math.max(0, ((face[i] ?? 0) ** gamma - 0.5) * contrast + 0.5));
}

/**
 * Gives a face the brightness and contrast that another has in its middle, in place: two photos of a person differ
 * more in light than in expression.
 */
export function matchLight(face: Float32Array, other: Float32Array): void {
  const own = middleStatistics(face);
  const wanted = middleStatistics(other);
  const scale = wanted.deviation / Math.max(0.02, own.deviation);
  for (let i = 0; i < face.length; i++)
    face[i] = Math.min(1, Math.max(0, ((face[i] ?? 0) - own.mean) * scale + wanted.mean));
}

function middleStatistics(face: Float32Array): { mean: number; deviation: number } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let y = 12; y < 56; y++) {
    for (let x = 12; x < 52; x++) {
      const value = face[y * generatorSide + x] ?? 0;
      count++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

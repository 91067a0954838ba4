import {
  CLASSES,
  dominantClass,
  type AlignedFace,
  type Emotion,
  type Expression,
  type ExpressionClass,
  type FacePair,
} from '@deadpan/shared';

/*
 * A made-up analysis with known answers, for the tests of what is written from one.
 */

/** What one made-up person does: when it is seen, and which expression it shows when. */
export interface SamplePerson {
  readonly track: string;
  /** Seconds in which the person is seen: [from, to). */
  readonly seen: readonly (readonly [from: number, to: number])[];
  /** What it shows from a second on, and how strongly (0..1). */
  readonly moods: readonly (readonly [from: number, expression: ExpressionClass, strength: number])[];
}

/** Two people: one who smiles, leaves and comes back sad; one who is surprised once. */
export const SAMPLE_PEOPLE: readonly SamplePerson[] = [
  {
    track: '1',
    seen: [
      [0, 8],
      [11, 20],
    ],
    moods: [
      [0, 'neutral', 0.8],
      [3, 'happiness', 0.85],
      [6, 'neutral', 0.7],
      [13, 'sadness', 0.6],
    ],
  },
  {
    track: '2',
    seen: [[4, 20]],
    moods: [
      [0, 'neutral', 0.75],
      [9, 'surprise', 0.9],
      [10, 'neutral', 0.75],
      [15, 'anger', 0.5],
    ],
  },
];

const WIDTH = 640;
const HEIGHT = 360;

function probabilitiesAt(person: SamplePerson, seconds: number): number[] {
  const logits = CLASSES.map((_, k) => 0.6 * Math.sin(seconds * (0.7 + k * 0.31) + k));
  for (const [from, expression, strength] of person.moods) {
    // Moods come and go within half a second.
    const index = person.moods.findIndex((mood) => mood[0] === from);
    const until = person.moods[index + 1]?.[0] ?? Infinity;
    const weight =
      Math.min(1, Math.max(0, (seconds - from) / 0.5)) *
      Math.min(1, Math.max(0, (until + 0.5 - seconds) / 0.5));
    const k = CLASSES.indexOf(expression);
    logits[k] = (logits[k] ?? 0) + 6 * strength * weight;
  }
  const weights = logits.map(Math.exp);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function faceAt(person: SamplePerson, row: number, seconds: number): Omit<AlignedFace, 'crop'> {
  const x = 60 + row * 260 + 10 * Math.sin(seconds);
  const y = 80 + 4 * Math.cos(seconds * 1.3);
  return {
    track: person.track,
    box: { x, y, width: 120, height: 140 },
    detection: 0.97,
    landmarks: Float32Array.from({ length: 136 }, (_, i) =>
      i % 2 === 0 ? x + 10 + ((i / 2) % 17) * 6 : y + 20 + Math.floor(i / 34) * 25,
    ),
    pose: { yaw: 8 * Math.sin(seconds / 2), pitch: -0.02, roll: 2 * Math.cos(seconds) },
    quality: 0.8,
  };
}

const isSeen = (person: SamplePerson, seconds: number): boolean =>
  person.seen.some(([from, to]) => seconds >= from && seconds < to);

/** The expressions of a made-up video, frame by frame, in the order in which a pipeline gives them. */
export function* sampleExpressions(
  people = SAMPLE_PEOPLE,
  { seconds = 20, fps = 25 } = {},
): Generator<Expression> {
  for (let sequence = 0; sequence < seconds * fps; sequence += 1) {
    const time = sequence / fps;
    const frame = {
      camera: 'sample',
      epoch: 0,
      sequence,
      timeUs: Math.round(time * 1e6),
      width: WIDTH,
      height: HEIGHT,
    };
    const seen = people.flatMap((person, row) => (isSeen(person, time) ? [{ person, row }] : []));
    if (seen.length === 0) yield { ...frame, faces: 0, face: null };
    for (const { person, row } of seen) {
      const probabilities = probabilitiesAt(person, time);
      const face = {
        ...faceAt(person, row, time),
        probabilities,
        intensity: Math.min(1, 1 - (probabilities[0] ?? 0)),
        model: 'sample 1',
      };
      yield { ...frame, faces: seen.length, face };
    }
  }
}

/** The windows (1 s, hop 0.5 s) of {@link sampleExpressions}, by start and then by track. */
export function sampleEmotions(
  people = SAMPLE_PEOPLE,
  options: { seconds?: number; fps?: number } = {},
): Emotion[] {
  const faces = [...sampleExpressions(people, options)].flatMap((expression) =>
    expression.face === null ? [] : [{ timeUs: expression.timeUs, face: expression.face }],
  );
  const emotions: Emotion[] = [];
  const last = Math.max(...faces.map(({ timeUs }) => timeUs));
  for (let startUs = -500_000; startUs <= last; startUs += 500_000) {
    const endUs = startUs + 1_000_000;
    for (const { track } of people) {
      const within = faces.filter(
        ({ timeUs, face }) => face.track === track && timeUs >= startUs && timeUs < endUs,
      );
      const [first] = within;
      if (first === undefined) continue;
      const mean = (of: (face: (typeof within)[number]) => number): number =>
        within.reduce((sum, face) => sum + of(face), 0) / within.length;
      const probabilities = CLASSES.map((_, k) => mean(({ face }) => face.probabilities[k] ?? 0));
      emotions.push({
        camera: 'sample',
        epoch: 0,
        track,
        startUs,
        endUs,
        frames: within.length,
        missed: 0,
        firstUs: first.timeUs,
        lastUs: within.at(-1)?.timeUs ?? first.timeUs,
        probabilities,
        expression: dominantClass(probabilities),
        intensity: mean(({ face }) => face.intensity),
        model: 'sample 1',
      });
    }
  }
  return emotions;
}

/** The pair behind an expression: a gray face whose shade tells the track, and a lighter reference. */
export function samplePair(expression: Expression): FacePair {
  const { face, ...frame } = expression;
  if (face === null) return { ...frame, face: null };
  const shade = 60 + 40 * Number(face.track);
  const crop = Uint8Array.from({ length: 64 * 64 }, (_, i) => shade + ((i >> 6) % 16));
  return { ...frame, face: { ...face, crop, reference: crop.map((value) => value + 40) } };
}

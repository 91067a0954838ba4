import { CLASSES, dominantClass, type Emotion, type Expression, type FrameReference } from '@deadpan/shared';
import sharp from 'sharp';

/** Somebody in a generated scene. */
export interface Actor {
  readonly track: string;
  /** Where the face is, as fractions of the frame. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** Shifts the actor's moods in time, in seconds. */
  readonly phase: number;
}

const WIDTH = 1280;
const HEIGHT = 720;
/** The moods that an actor goes through, and how long each takes, in seconds. */
const MOODS = [0, 1, 0, 2, 6, 3, 0, 4, 1, 5, 0, 7];
const MOOD_S = 7;

/** Probabilities of an actor at a time in seconds: one mood fades into the next. */
export function probabilitiesAt(actor: Actor, time: number): { probabilities: number[]; intensity: number } {
  const turn = (time + actor.phase) / MOOD_S;
  const [now, next] = [Math.floor(turn), Math.floor(turn) + 1].map((i) => MOODS[i % MOODS.length] ?? 0);
  const fade = Math.max(0, (turn % 1) * 2 - 1);
  const weights = CLASSES.map((_, k) => 0.03 + (k === now ? 1 - fade : 0) + (k === next ? fade : 0));
  const wobble = weights.map((weight, k) => weight * (1 + 0.15 * Math.sin(time * 3 + k * 2)));
  const sum = wobble.reduce((a, b) => a + b, 0);
  const probabilities = wobble.map((weight) => weight / sum);
  const calm = probabilities[0] ?? 0;
  return {
    probabilities,
    intensity: Math.min(1, Math.max(0, (1 - calm) * (0.75 + 0.2 * Math.sin(time * 1.7)))),
  };
}

/** The classified faces of a frame. */
export function expressionsOf(frame: FrameReference, actors: readonly Actor[]): Expression[] {
  if (actors.length === 0) return [{ ...frame, faces: 0, face: null }];
  return actors.map((actor) => {
    const { probabilities, intensity } = probabilitiesAt(actor, frame.timeUs / 1e6);
    const width = actor.size * WIDTH;
    const box = { x: actor.x * WIDTH - width / 2, y: actor.y * HEIGHT - width / 2, width, height: width };
    const landmarks = Float32Array.from({ length: 136 }, (_, i) => {
      const angle = (Math.floor(i / 2) / 68) * 2 * Math.PI;
      const middle = i % 2 === 0 ? box.x + width / 2 : box.y + width / 2;
      return middle + (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) * width * 0.32;
    });
    return {
      ...frame,
      faces: actors.length,
      face: {
        ...{ track: actor.track, box, detection: 0.97, landmarks, pose: { yaw: 0, pitch: 0, roll: 0 } },
        ...{ quality: 0.9, probabilities, intensity, model: 'scene-1' },
      },
    };
  });
}

/** The window of an actor that ends at `endUs`. */
export function emotionOf(camera: string, epoch: number, actor: Actor, endUs: number): Emotion {
  const { probabilities, intensity } = probabilitiesAt(actor, endUs / 1e6 - 0.5);
  return {
    ...{ camera, epoch, track: actor.track, startUs: endUs - 1_000_000, endUs, frames: 5, missed: 0 },
    ...{ firstUs: endUs - 1_000_000, lastUs: endUs - 100_000 },
    ...{ probabilities, expression: dominantClass(probabilities), intensity, model: 'scene-1' },
  };
}

/** A frame reference of the scene's size. */
export const frameAt = (camera: string, epoch: number, sequence: number, timeUs: number): FrameReference => ({
  ...{ camera, epoch, sequence, timeUs, width: WIDTH, height: HEIGHT },
});

/** A drawn face as SVG, whose mouth follows the probabilities. */
function faceSvg(cx: number, cy: number, size: number, bend: number, gape: number): string {
  const r = size * 0.38;
  return `<ellipse cx="${cx}" cy="${cy}" rx="${r}" ry="${r * 1.2}" fill="#c99b7d"/>
    <path d="M${cx - r} ${cy - r * 0.5} Q${cx} ${cy - r * 2.2} ${cx + r} ${cy - r * 0.5} Q${cx} ${cy - r * 1.1} ${cx - r} ${cy - r * 0.5}" fill="#3b2c25"/>
    <circle cx="${cx - r * 0.38}" cy="${cy - r * 0.1}" r="${r * 0.1}" fill="#22262c"/>
    <circle cx="${cx + r * 0.38}" cy="${cy - r * 0.1}" r="${r * 0.1}" fill="#22262c"/>
    <path d="M${cx - r * 0.4} ${cy + r * 0.55} Q${cx} ${cy + r * (0.55 + bend)} ${cx + r * 0.4} ${cy + r * 0.55} Q${cx} ${cy + r * (0.55 + bend + gape)} ${cx - r * 0.4} ${cy + r * 0.55}" fill="#7c3136" stroke="#7c3136" stroke-width="4"/>`;
}

/** The frame as JPEG. */
export async function pictureOf(frame: FrameReference, actors: readonly Actor[]): Promise<Uint8Array> {
  const faces = actors.map((actor) => {
    const { probabilities: p } = probabilitiesAt(actor, frame.timeUs / 1e6);
    const bend = 0.7 * ((p[1] ?? 0) - (p[3] ?? 0) - (p[4] ?? 0));
    return faceSvg(actor.x * WIDTH, actor.y * HEIGHT, actor.size * WIDTH, bend, (p[2] ?? 0) + (p[6] ?? 0));
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="#70828f"/><stop offset="1" stop-color="#39434c"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#g)"/><rect y="560" width="100%" height="160" fill="#2c343b"/>
    <rect x="80" y="90" width="250" height="330" fill="#9fb2bf"/><rect x="950" y="90" width="250" height="330" fill="#9fb2bf"/>${faces.join('')}</svg>`;
  return sharp(Buffer.from(svg)).resize(640, 360).jpeg({ quality: 80 }).toBuffer();
}

/** An aligned face and its neutral reference: gray bytes, 64 x 64. */
export async function facePictureOf(
  actor: Actor,
  timeUs: number,
): Promise<{ crop: Uint8Array; reference: Uint8Array }> {
  const gray = async (bend: number, gape: number): Promise<Uint8Array> =>
    sharp(
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#667"/>${faceSvg(32, 34, 68, bend, gape)}</svg>`,
      ),
    )
      .grayscale()
      .raw()
      .toBuffer();
  const { probabilities: p } = probabilitiesAt(actor, timeUs / 1e6);
  const bend = 0.7 * ((p[1] ?? 0) - (p[3] ?? 0) - (p[4] ?? 0));
  return { crop: await gray(bend, (p[2] ?? 0) + (p[6] ?? 0)), reference: await gray(0, 0) };
}

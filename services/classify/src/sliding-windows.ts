import { CLASSES, DeadpanError, dominantClass, type Emotion, type Expression } from '@deadpan/shared';

import type { WindowTimes } from './window-config.js';

/** The windows of all cameras that one stage follows. */
export interface SlidingWindows {
  /**
   * Takes one expression of a frame in; frames of a camera come in the order of their time.
   * @returns the windows that this frame's time closes, by start and then by first sight of the track, or `late` when
   * every window that the frame belongs to was closed before.
   */
  add(expression: Expression): readonly Emotion[] | 'late';
  /** Closes what is open of a camera that fell silent. Should it go on, what belongs to these windows is late. */
  rest(camera: string): readonly Emotion[];
  /** Closes what is open of a camera, or of all, and forgets it. */
  end(camera?: string): readonly Emotion[];
  /** What is open now, to go on from; not a copy. */
  readonly state: WindowsState;
}

/** What is open of each camera, by its name. A plain value: structured clone and `v8.serialize` keep it whole. */
export type WindowsState = ReadonlyMap<string, Camera>;

interface OpenWindow {
  frames: number;
  firstUs: number;
  lastUs: number;
  readonly sums: Float64Array;
  intensity: number;
  model: string;
}

interface Track {
  readonly bornUs: number;
  lastUs: number;
  /** Open windows by N, where the window begins at N * hop. */
  readonly windows: Map<number, OpenWindow>;
}

/** What is open of one camera. */
export interface Camera {
  readonly epoch: number;
  /** Highest event time seen. */
  newestUs: number;
  /** Windows that end at or before this are closed. */
  closedUs: number;
  readonly tracks: Map<string, Track>;
  /** Times of the analysed frames that open windows may still ask for, rising. */
  frameTimes: number[];
}

/**
 * Epoch-aligned sliding windows [N * hop, N * hop + size), N from 0, per track. A window is closed by its camera's watermark, the
 * highest event time less the grace, so that it is the same however the frames were spread over time and processes.
 * @param from what was open before, with the same options; it is taken over
 * @throws DeadpanError E_CONFIG when the hop exceeds the size.
 */
export function createSlidingWindows(config: WindowTimes, from: WindowsState = new Map()): SlidingWindows {
  const sizeUs = Math.round(config.size * 1e6);
  const hopUs = Math.round(config.hop * 1e6);
  const graceUs = Math.round(config.grace * 1e6);
  if (hopUs > sizeUs) {
    throw new DeadpanError(
      'E_CONFIG',
      `"window.hop" (${config.hop} s) must not exceed "window.size" (${config.size} s): frames would fall between windows.`,
    );
  }
  const cameras = new Map<string, Camera>(from);

  function add(expression: Expression): readonly Emotion[] | 'late' {
    const closed: Emotion[] = [];
    let camera = cameras.get(expression.camera);
    if (camera !== undefined && camera.epoch !== expression.epoch) {
      closed.push(...end(expression.camera));
      camera = undefined;
    }
    if (camera === undefined) {
      camera = {
        epoch: expression.epoch,
        newestUs: -Infinity,
        closedUs: -Infinity,
        tracks: new Map(),
        frameTimes: [],
      };
      cameras.set(expression.camera, camera);
    }
    const { timeUs } = expression;
    if (lastWindowEnd(timeUs) <= camera.closedUs) return 'late';
    if (camera.frameTimes.at(-1) !== timeUs) camera.frameTimes.push(timeUs);
    if (expression.face !== null) addToTrack(camera, expression, expression.face);
    if (timeUs > camera.newestUs) {
      camera.newestUs = timeUs;
      closed.push(...closeUpTo(expression.camera, camera, timeUs - graceUs));
    }
    return closed;
  }

  const lastWindowEnd = (timeUs: number): number => Math.floor(timeUs / hopUs) * hopUs + sizeUs;

  function addToTrack(camera: Camera, { timeUs }: Expression, face: NonNullable<Expression['face']>): void {
    let track = camera.tracks.get(face.track);
    if (track === undefined) {
      track = { bornUs: timeUs, lastUs: timeUs, windows: new Map() };
      camera.tracks.set(face.track, track);
    }
    track.lastUs = timeUs;
    const newest = Math.floor(timeUs / hopUs);
    // Time begins at 0: a window before it would only ever be half full.
    for (let n = newest; n >= 0 && n * hopUs + sizeUs > timeUs; n -= 1) {
      if (n * hopUs + sizeUs <= camera.closedUs) break;
      let window = track.windows.get(n);
      if (window === undefined) {
        window = {
          frames: 0,
          firstUs: timeUs,
          lastUs: timeUs,
          sums: new Float64Array(CLASSES.length),
          intensity: 0,
          model: face.model,
        };
        track.windows.set(n, window);
      }
      window.frames += 1;
      window.lastUs = timeUs;
      window.intensity += face.intensity;
      window.model = face.model;
      face.probabilities.forEach((p, k) => {
        window.sums[k] = (window.sums[k] ?? 0) + p;
      });
    }
  }

  function closeUpTo(name: string, camera: Camera, watermarkUs: number): Emotion[] {
    const closed: Emotion[] = [];
    for (const [id, track] of camera.tracks) {
      for (const [n, window] of track.windows) {
        if (n * hopUs + sizeUs > watermarkUs) continue;
        closed.push(emotionOf(name, camera, id, track, n, window));
        track.windows.delete(n);
      }
      if (track.windows.size === 0 && track.lastUs + sizeUs <= watermarkUs) camera.tracks.delete(id);
    }
    camera.closedUs = Math.max(camera.closedUs, watermarkUs);
    // The oldest window that is still open begins after the watermark less one size.
    const needed = camera.frameTimes.findIndex((timeUs) => timeUs > watermarkUs - sizeUs);
    if (needed > 0) camera.frameTimes = camera.frameTimes.slice(needed);
    // Maps keep insertion order, so tracks stand in the order of their first sight; the sort is stable.
    return closed.sort((a, b) => a.startUs - b.startUs);
  }

  function emotionOf(
    name: string,
    camera: Camera,
    id: string,
    track: Track,
    n: number,
    window: OpenWindow,
  ): Emotion {
    const startUs = n * hopUs;
    const endUs = startUs + sizeUs;
    const fromUs = Math.max(startUs, track.bornUs);
    const toUs = Math.min(endUs - 1, track.lastUs);
    const analysed = camera.frameTimes.filter((timeUs) => timeUs >= fromUs && timeUs <= toUs).length;
    const probabilities = Array.from(window.sums, (sum) => sum / window.frames);
    return {
      camera: name,
      epoch: camera.epoch,
      track: id,
      startUs,
      endUs,
      frames: window.frames,
      missed: analysed - window.frames,
      firstUs: window.firstUs,
      lastUs: window.lastUs,
      probabilities,
      expression: dominantClass(probabilities),
      intensity: window.intensity / window.frames,
      model: window.model,
    };
  }

  function rest(name: string): readonly Emotion[] {
    const camera = cameras.get(name);
    return camera === undefined ? [] : closeUpTo(name, camera, lastWindowEnd(camera.newestUs));
  }

  function end(only?: string): readonly Emotion[] {
    const closed: Emotion[] = [];
    for (const [name, camera] of cameras) {
      if (only !== undefined && name !== only) continue;
      closed.push(...closeUpTo(name, camera, Infinity));
      cameras.delete(name);
    }
    return closed;
  }

  return { add, rest, end, state: cameras };
}

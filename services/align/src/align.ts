import type { AlignedFace, Face, Frame, FrameReference } from '@deadpan/shared';
import type { InferencePool } from '@deadpan/nets';
import {
  NO_TRACKS,
  predictTracks,
  scaleBox,
  stepTracks,
  TRACKER_DEFAULTS,
  type Scene,
  type TrackerOptions,
  type Tracks,
} from '@deadpan/vision';
import { alignTask, type AlignResult, type FollowedFace, type FoundFace } from './align-task.js';
import type { AlignConfig } from './config.js';

/** What {@link createAlign} needs. */
export interface AlignOptions {
  readonly pool: InferencePool;
  readonly config: AlignConfig;
  /** Goes before every track id: something random for live sources, so that ids of two sessions differ. */
  readonly trackPrefix?: string;
  /** What another one knew at its end: it goes on from there. */
  readonly known?: AlignState;
}

/** What is known of each camera, by its name. A plain value: structured clone and `v8.serialize` keep it whole. */
export type AlignState = ReadonlyMap<string, CameraState>;

/** The align stage: finds, follows and aligns faces. */
export interface Align {
  /**
   * The faces of a frame, by rising track; a single record whose face is null where there is none. Frames of a camera
   * are taken one after the other in the order of the calls, those of different cameras at once. The frame is released.
   * The same frames give the same faces to the last digit, whatever else runs.
   * @throws DeadpanError E_ENGINE, E_MODEL_MISSING or E_MODEL_INVALID where the networks cannot run
   */
  (frame: Frame): Promise<readonly Face[]>;
  /** Forgets a camera, or a file that has ended. */
  end(camera: string): void;
  /** What is known after the frames that were taken until now, once they are done. */
  state(): Promise<AlignState>;
}

/** What is known of a camera between two frames; in pixels of its pictures. */
export interface CameraState {
  readonly epoch: number;
  readonly tracks: Tracks;
  /** The faces of the frame before. */
  readonly faces: readonly (FollowedFace & { readonly detection: number })[];
  /** The frame before in small; null before the first. */
  readonly scene: Scene | null;
  readonly lastSearchUs: number;
  /** When a face was last lost. */
  readonly lastLossUs: number;
}

/** While a face is missing the frame is searched this often, in microseconds, and for this long. */
const EAGER_INTERVAL_US = 100_000;
const EAGER_TIME_US = 1_000_000;
/** From this score on the tiny detector agrees with the searching one, whose own word is enough from the other. */
const LEAST_VERIFIED = 0.2;
const CERTAIN = 0.9;

const NOTHING_KNOWN = { faces: [], scene: null, lastSearchUs: -Infinity, lastLossUs: -Infinity };

/** Makes the align stage. State lives in it, one for each camera. */
export function createAlign({ pool, config, trackPrefix = '', known = new Map() }: AlignOptions): Align {
  const tracker: TrackerOptions = {
    ...TRACKER_DEFAULTS,
    longestGapUs: config.longestGap * 1e6,
    highScore: config.minimumScore,
  };
  const find = alignTask();
  const cameras = new Map<string, Promise<CameraState>>(
    [...known].map(([camera, state]) => [camera, Promise.resolve(state)]),
  );

  async function step(
    before: CameraState,
    frame: Frame,
  ): Promise<{ state: CameraState; faces: readonly Face[] }> {
    try {
      const { image, timeUs } = frame;
      const followed = whereExpected(before, timeUs, tracker);
      const search = isSearchDue(before, timeUs, config);
      const { detectionSize, mostFaces } = config;
      const { scene } = before;
      const result = await pool.run(find, { image, scene, followed, search, detectionSize, mostFaces });
      const { state, found } = updateCamera(before, result, timeUs, tracker);
      const scale = frame.width / image.width;
      return { state, faces: toFaces(frame, found, scale, trackPrefix) };
    } finally {
      frame.release();
    }
  }

  async function align(frame: Frame): Promise<readonly Face[]> {
    const before = cameras.get(frame.camera);
    const running = (async () => {
      const reached = await before;
      const state = reached?.epoch === frame.epoch ? reached : startEpoch(frame.epoch, reached);
      return step(state, frame);
    })();
    const next = running.then(
      ({ state }) => state,
      // What went wrong with a frame is the business of its own caller; the camera starts anew, its ids go on.
      async () => startEpoch(frame.epoch, await before),
    );
    cameras.set(frame.camera, next);
    return (await running).faces;
  }

  return Object.assign(align, {
    end: (camera: string) => {
      cameras.delete(camera);
    },
    state: async () => {
      const states = new Map<string, CameraState>();
      for (const [camera, reached] of cameras) states.set(camera, await reached);
      return states;
    },
  });
}

/** A new epoch, or one that begins anew, knows nothing but which track ids are used up. */
function startEpoch(epoch: number, before: CameraState | undefined): CameraState {
  const nextId = before?.tracks.nextId ?? NO_TRACKS.nextId;
  return { ...NOTHING_KNOWN, epoch, tracks: { ...NO_TRACKS, nextId } };
}

/** The faces of the frame before, moved on as their tracks move. */
function whereExpected(before: CameraState, timeUs: number, tracker: TrackerOptions): FollowedFace[] {
  const predicted = predictTracks(before.tracks, timeUs, tracker).tracks;
  return before.faces.flatMap(({ track, landmarks, crop }) => {
    const then = before.tracks.tracks.find(({ id }) => id === track)?.box;
    const now = predicted.find(({ id }) => id === track)?.box;
    if (then === undefined || now === undefined) return [];
    const dx = now.x + now.width / 2 - then.x - then.width / 2;
    const dy = now.y + now.height / 2 - then.y - then.height / 2;
    return [{ track, crop, landmarks: landmarks.map((value, i) => value + (i % 2 === 0 ? dx : dy)) }];
  });
}

function isSearchDue(before: CameraState, timeUs: number, config: AlignConfig): boolean {
  const since = timeUs - before.lastSearchUs;
  if (since >= config.keyFrameInterval * 1e6) return true;
  return timeUs - before.lastLossUs <= EAGER_TIME_US && since >= EAGER_INTERVAL_US;
}

type TrackedFace = FoundFace & { readonly id: number; readonly detection: number };

function updateCamera(before: CameraState, result: AlignResult, timeUs: number, tracker: TrackerOptions) {
  const candidates = result.faces.map((face) => ({ box: face.box, score: scoreOf(face) }));
  const known = result.faces.map(({ track }) => track);
  // Nobody who was lost at a cut comes back in its place.
  const continued = result.cut
    ? { ...before.tracks, tracks: before.tracks.tracks.filter(({ id }) => known.includes(id)) }
    : before.tracks;
  const { tracks, ids } = stepTracks(continued, candidates, timeUs, tracker, known);
  const found = result.faces.flatMap((face, i): TrackedFace[] => {
    const id = ids[i] ?? null;
    if (id === null) return [];
    const held = before.faces.find(({ track }) => track === id)?.detection ?? 0;
    return [{ ...face, id, detection: Math.max(face.verified, face.detected ?? held) }];
  });
  const lost = before.faces.some(({ track }) => found.every(({ id }) => id !== track));
  const state: CameraState = {
    epoch: before.epoch,
    tracks,
    faces: found.map(({ id, landmarks, crop, detected, detection }) => ({
      track: id,
      landmarks,
      crop,
      detection: detected ?? before.faces.find(({ track }) => track === id)?.detection ?? detection,
    })),
    scene: result.scene,
    lastSearchUs: result.searched ? timeUs : before.lastSearchUs,
    lastLossUs: lost ? timeUs : before.lastLossUs,
  };
  return { state, found: found.sort((a, b) => a.id - b.id) };
}

/**
 * How sure both detectors are together: as sure as the surer one where they agree, and as the less sure one where they do
 * not, unless the searching one is certain.
 */
function scoreOf({ verified, detected }: FoundFace): number {
  if (detected === null) return verified;
  const agreed = verified >= LEAST_VERIFIED || detected >= CERTAIN;
  return agreed ? Math.max(detected, verified) : Math.min(detected, verified);
}

function toFaces(frame: Frame, found: readonly TrackedFace[], scale: number, prefix: string): Face[] {
  const { camera, epoch, sequence, timeUs, width, height } = frame;
  const about: FrameReference = { camera, epoch, sequence, timeUs, width, height };
  if (found.length === 0) return [{ ...about, faces: 0, face: null }];
  return found.map(({ id, box, detection, landmarks, pose, quality, crop }) => {
    const face: AlignedFace = {
      track: `${prefix}${id}`,
      box: scaleBox(box, scale),
      detection,
      landmarks: landmarks.map((value) => value * scale),
      pose,
      quality,
      crop,
    };
    return { ...about, faces: found.length, face };
  });
}

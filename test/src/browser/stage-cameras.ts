import type { CameraEntry, CameraRegistry, FeedServer } from '@deadpan/feed';
import { DeadpanError, type CameraState, type CameraStatus } from '@deadpan/shared';

import { emotionOf, expressionsOf, facePictureOf, frameAt, pictureOf, type Actor } from './scene.js';

/** A generated camera: how it is, and who is in view. */
interface StageCamera {
  entry: CameraEntry;
  state: CameraState;
  lastError: string | null;
  stalls: number;
  reconnects: number;
  epoch: number;
  sequence: number;
  actors: readonly Actor[];
}

/** Cameras without a lens: they produce records of a generated scene, five frames a second, and can be made to fail. */
export interface StageCameras {
  readonly registry: CameraRegistry;
  /** Begins to publish to a feed. */
  play(feed: FeedServer): void;
  /** Changes a camera's state, as if something had happened to it. */
  set(camera: string, change: Partial<Omit<StageCamera, 'entry'>>): void;
  stop(): Promise<void>;
}

/** Frames a second. */
const FPS = 5;

/** Creates stage cameras, each with its actors. */
export function createStageCameras(initial: Readonly<Record<string, readonly Actor[]>>): StageCameras {
  const cameras = new Map<string, StageCamera>();
  const listeners = new Set<() => void>();
  let feed: FeedServer | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;
  let working: Promise<unknown> = Promise.resolve();

  const put = (entry: CameraEntry, actors: readonly Actor[]): StageCamera => {
    const camera: StageCamera = {
      ...{
        entry,
        actors,
        state: 'streaming',
        lastError: null,
        stalls: 0,
        reconnects: 0,
        epoch: 0,
        sequence: 0,
      },
    };
    cameras.set(entry.id, camera);
    return camera;
  };
  for (const [id, actors] of Object.entries(initial)) {
    put(
      { id, address: `rtsp://***@${id.replaceAll(' ', '-')}.example/live`, fps: FPS, paused: false },
      actors,
    );
  }

  function statusOf({ entry, state, lastError, stalls, reconnects, epoch }: StageCamera): CameraStatus {
    const live = state === 'streaming';
    return {
      ...{ camera: entry.id, state, timeUs: Date.now() * 1000, epoch, stalls, reconnects, lastError },
      fpsIn: live ? 25 : 0,
      fpsAnalysed: live ? FPS : 0,
      fpsDropped: live ? 20 : 0,
      latencyMs: null,
    };
  }
  const tellStatus = (camera: StageCamera): void => void feed?.publishStatus(statusOf(camera));
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const need = (id: string): StageCamera => {
    const camera = cameras.get(id);
    if (camera === undefined) throw new DeadpanError('E_NOT_FOUND', `There is no camera "${id}".`);
    return camera;
  };

  async function tick(to: FeedServer): Promise<void> {
    ticks += 1;
    for (const camera of cameras.values()) {
      if (ticks % FPS === 0) tellStatus(camera);
      if (camera.state !== 'streaming') continue;
      const { entry, epoch, actors } = camera;
      const timeUs = Date.now() * 1000;
      const frame = frameAt(entry.id, epoch, camera.sequence, timeUs);
      camera.sequence += 1;
      if (to.pictures.wantsFrames(entry.id)) to.pictures.putFrame(frame, await pictureOf(frame, actors));
      if (to.pictures.takesFaces) {
        for (const actor of actors)
          to.pictures.putFace(frame, actor.track, await facePictureOf(actor, timeUs));
      }
      for (const expression of expressionsOf(frame, actors)) await to.publishExpression(expression);
      // Windows lie on the grid of half seconds.
      const endUs = Math.floor(timeUs / 500_000) * 500_000;
      for (const actor of actors) void to.publishEmotion(emotionOf(entry.id, epoch, actor, endUs));
    }
  }

  return {
    registry: {
      list: () => [...cameras.values()].map(({ entry }) => entry),
      get: (id) => cameras.get(id)?.entry,
      add({ id, address, fps, paused }) {
        if (cameras.has(id)) {
          return Promise.reject(new DeadpanError('E_CONFLICT', `There is a camera "${id}" already.`));
        }
        const entry = { id, address: withoutPassword(address), fps, paused };
        const camera = put(entry, [{ track: `new-${id}`, x: 0.5, y: 0.45, size: 0.3, phase: 20 }]);
        changed();
        tellStatus(camera);
        return Promise.resolve(entry);
      },
      update(id, { fps, paused, address }) {
        const camera = need(id);
        const { entry } = camera;
        camera.entry = {
          ...entry,
          ...(fps === undefined ? {} : { fps }),
          ...(paused === undefined ? {} : { paused }),
          ...(address === undefined ? {} : { address: withoutPassword(address) }),
        };
        if (paused !== undefined) camera.state = paused ? 'paused' : 'streaming';
        changed();
        tellStatus(camera);
        return Promise.resolve(camera.entry);
      },
      remove(id) {
        const camera = need(id);
        cameras.delete(id);
        changed();
        tellStatus({ ...camera, state: 'removed' });
        return Promise.resolve();
      },
      async probe(address) {
        if (address.includes('nowhere')) {
          return {
            ...{ reachable: false, codec: null, width: null, height: null, fps: null, preview: null },
            answer: `[tcp @ 0x55] Connection to tcp://nowhere.example:554 failed: Connection refused\nrtsp://***@nowhere.example/live: Connection refused`,
            error: 'The camera refused the connection.',
          };
        }
        const frame = frameAt('probe', 0, 0, Date.now() * 1000);
        return {
          ...{ reachable: true, codec: 'h264', width: 1280, height: 720, fps: 25, error: null },
          answer:
            "Input #0, rtsp, from 'rtsp://***@new.example/live':\n  Duration: N/A, start: 0.040000, bitrate: N/A\n  Stream #0:0: Video: h264 (Main), yuv420p(progressive), 1280x720, 25 fps, 25 tbr, 90k tbn",
          preview: await pictureOf(frame, [{ track: 'probe', x: 0.5, y: 0.45, size: 0.3, phase: 20 }]),
        };
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    play(to) {
      feed = to;
      for (const camera of cameras.values()) tellStatus(camera);
      timer = setInterval(() => {
        working = working.then(() => tick(to));
      }, 1000 / FPS);
    },
    set(id, change) {
      const camera = need(id);
      Object.assign(camera, change);
      tellStatus(camera);
    },
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/]*@/, '//***@');
}

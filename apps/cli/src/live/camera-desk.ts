import type { CameraEntry, CameraProbe, CameraRegistry } from '@deadpan/feed';
import { DeadpanError, type CameraStatus } from '@deadpan/shared';

import type { CameraSpec } from './camera-config.js';
import { hideCredentials } from './hide-credentials.js';

/** A camera that is being read. */
export interface RunningCamera {
  /** Resolves when nothing more comes from it and its decoder is gone. */
  stop(): Promise<void>;
  /** The epoch that it has come to. */
  readonly epoch: number;
}

/** What {@link createCameraDesk} needs. */
export interface CameraDeskOptions {
  /** Begins to read a camera; its first epoch is `epoch`. */
  readonly open: (spec: CameraSpec, epoch: number) => RunningCamera;
  /** Asks an address what it has to offer. */
  readonly probe: (address: string, signal: AbortSignal) => Promise<CameraProbe>;
  /** Told how a camera is when the desk itself changed that: it was paused or removed. */
  readonly onStatus: (status: CameraStatus) => void;
  /** Told when nothing more will come of a camera. */
  readonly onGone: (camera: string) => void;
}

/** The cameras of the process: they come, change and go while it runs, and none of them touches another. */
export interface CameraDesk extends CameraRegistry {
  /** Makes the cameras those of the configuration: new ones come, changed ones start anew, others go, equal ones are left alone. */
  apply(specs: readonly CameraSpec[]): Promise<void>;
  /** Stops them all. */
  close(): Promise<void>;
}

interface Place {
  spec: CameraSpec;
  running: RunningCamera | undefined;
  epoch: number;
  /** Changes of one camera happen one after the other. */
  turn: Promise<void>;
}

/** A desk without cameras. */
export function createCameraDesk({ open, probe, onStatus, onGone }: CameraDeskOptions): CameraDesk {
  const places = new Map<string, Place>();
  const listeners = new Set<() => void>();

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const entryOf = ({ name, address, fps, paused }: CameraSpec): CameraEntry => ({
    id: name,
    address: hideCredentials(address),
    fps,
    paused,
  });
  const statusOf = ({ spec, epoch }: Place, state: 'paused' | 'removed'): CameraStatus => ({
    ...{ camera: spec.name, state, timeUs: Date.now() * 1000, epoch },
    ...{
      fpsIn: 0,
      fpsAnalysed: 0,
      fpsDropped: 0,
      latencyMs: null,
      stalls: 0,
      reconnects: 0,
      lastError: null,
    },
  });

  /** Does something with a camera after all that was asked of it before. */
  function inTurn(place: Place, work: () => Promise<void>): Promise<void> {
    const turn = place.turn.then(work);
    place.turn = turn.catch(() => undefined);
    return turn;
  }

  async function stop(place: Place): Promise<void> {
    const { running } = place;
    place.running = undefined;
    if (running === undefined) return;
    await running.stop();
    // Whoever comes after begins a new epoch: its frames are others.
    place.epoch = running.epoch + 1;
  }

  function start(place: Place): void {
    if (place.spec.paused) onStatus(statusOf(place, 'paused'));
    else place.running = open(place.spec, place.epoch);
  }

  function put(spec: CameraSpec): void {
    if (places.has(spec.name)) {
      throw new DeadpanError('E_CONFLICT', `There is a camera "${spec.name}" already.`);
    }
    const place: Place = { spec, running: undefined, epoch: 0, turn: Promise.resolve() };
    places.set(spec.name, place);
    tell();
    start(place);
  }

  function need(camera: string): Place {
    const place = places.get(camera);
    if (place === undefined) throw new DeadpanError('E_NOT_FOUND', `There is no camera "${camera}".`);
    return place;
  }

  function replace(place: Place, spec: CameraSpec): Promise<void> {
    place.spec = spec;
    tell();
    return inTurn(place, async () => {
      await stop(place);
      if (places.get(spec.name) === place) start(place);
    });
  }

  async function remove(camera: string): Promise<void> {
    const place = need(camera);
    places.delete(camera);
    tell();
    await inTurn(place, () => stop(place));
    onGone(camera);
    onStatus(statusOf(place, 'removed'));
  }

  return {
    list: () => [...places.values()].map(({ spec }) => entryOf(spec)),
    get(camera) {
      const place = places.get(camera);
      return place === undefined ? undefined : entryOf(place.spec);
    },
    async add({ id, address, fps, paused }) {
      const spec = { name: id, address, fps, paused };
      put(spec);
      return Promise.resolve(entryOf(spec));
    },
    async update(camera, { address, fps, paused }) {
      const place = need(camera);
      const { spec } = place;
      const next = {
        name: camera,
        address: address ?? spec.address,
        fps: fps === undefined ? spec.fps : fps,
        paused: paused ?? spec.paused,
      };
      if (!isSame(spec, next)) await replace(place, next);
      return entryOf(place.spec);
    },
    remove,
    probe,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async apply(specs) {
      const wanted = new Map(specs.map((spec) => [spec.name, spec]));
      await Promise.all([
        ...[...places.keys()].filter((name) => !wanted.has(name)).map(remove),
        ...specs.map((spec) => {
          const place = places.get(spec.name);
          if (place === undefined) put(spec);
          else if (!isSame(place.spec, spec)) return replace(place, spec);
          return Promise.resolve();
        }),
      ]);
    },
    async close() {
      await Promise.all([...places.values()].map((place) => inTurn(place, () => stop(place))));
    },
  };
}

const isSame = (a: CameraSpec, b: CameraSpec): boolean =>
  a.address === b.address && a.fps === b.fps && a.paused === b.paused;

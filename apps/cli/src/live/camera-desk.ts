import type { CameraEntry, CameraProbe, CameraRegistry } from '@deadpan/feed';
import { DeadpanError, type CameraStatus } from '@deadpan/shared';

import type { CameraSpec } from './camera-config.js';

/** A camera that is being read. */
export interface RunningCamera {
  /** Resolves when nothing more comes from it and its decoder is gone. */
  remove(): Promise<void>;
  status(): CameraStatus;
}

/** What {@link createCameraDesk} needs. */
export interface CameraDeskOptions {
  /** Begins to read a camera, and tells how it is until it is removed. */
  readonly open: (spec: CameraSpec, onStatus: (status: CameraStatus) => void) => RunningCamera;
  /**
   * An address for people's eyes.
   * @throws DeadpanError for one that cannot be an address
   */
  readonly show: (address: string) => string;
  /** Asks an address what it has to offer. */
  readonly probe: (address: string, signal: AbortSignal) => Promise<CameraProbe>;
  /** Told how a camera is. */
  readonly onStatus: (status: CameraStatus) => void;
  /** Told when nothing more will come of a camera. */
  readonly onGone: (camera: string) => void;
}

/** The cameras of the process: they come, change and go while it runs, and none of them touches another. */
export interface CameraDesk extends CameraRegistry {
  /**
   * Takes over the cameras of the configuration: new ones come, those that it changed since the last time start anew,
   * those that it no longer names go. Cameras that were added or edited by an operator are left alone otherwise.
   * @throws DeadpanError for an address that cannot be one; no camera is touched then
   */
  apply(specs: readonly CameraSpec[]): Promise<void>;
  /** Stops them all, those that are being removed too. From now on none comes and none is edited: E_NOT_READY. */
  close(): Promise<void>;
}

interface Place {
  spec: CameraSpec;
  /** As the configuration has it; undefined for one that an operator added. */
  configured: CameraSpec | undefined;
  running: RunningCamera | undefined;
  /** How it was when it was last read. */
  last: CameraStatus | undefined;
  /** Changes of one camera happen one after the other. */
  turn: Promise<void>;
}

/** A desk without cameras. */
export function createCameraDesk({ open, show, probe, onStatus, onGone }: CameraDeskOptions): CameraDesk {
  const places = new Map<string, Place>();
  /** Cameras that are on no list any more and have not stopped yet; one of the same name waits for its predecessor. */
  const leaving = new Map<string, Promise<void>>();
  let closed = false;
  const listeners = new Set<() => void>();

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const entryOf = ({ name, address, fps, paused }: CameraSpec): CameraEntry => ({
    id: name,
    address: show(address),
    fps,
    paused,
  });
  const statusOf = ({ spec, last }: Place, state: 'paused' | 'removed'): CameraStatus => ({
    ...{ epoch: 0, stalls: 0, reconnects: 0, lastError: null, ...last },
    ...{ camera: spec.name, state, timeUs: Date.now() * 1000 },
    ...{ fpsIn: 0, fpsAnalysed: 0, fpsDropped: 0, latencyMs: null },
  });

  /** Does something with a camera after all that was asked of it before. */
  function inTurn(place: Place, work: () => Promise<void> | void): Promise<void> {
    const turn = place.turn.then(work);
    place.turn = turn.catch(() => undefined);
    return turn;
  }

  async function stop(place: Place): Promise<void> {
    const { running } = place;
    place.running = undefined;
    if (running === undefined) return;
    await running.remove();
    place.last = running.status();
  }

  function start(place: Place): void {
    // It may have been removed, or all of them stopped, before its turn came.
    if (closed || places.get(place.spec.name) !== place) return;
    if (place.spec.paused) onStatus(statusOf(place, 'paused'));
    else {
      place.running = open(place.spec, (status) => {
        // One that is edited is read anew, and was not removed.
        if (status.state !== 'removed') onStatus(status);
      });
    }
  }

  function refuseWhenClosed(): void {
    if (closed) throw new DeadpanError('E_NOT_READY', 'The cameras are being stopped.');
  }

  async function put(spec: CameraSpec, configured?: CameraSpec): Promise<void> {
    refuseWhenClosed();
    if (places.has(spec.name)) {
      throw new DeadpanError('E_CONFLICT', `There is a camera "${spec.name}" already.`);
    }
    show(spec.address);
    const before = leaving.get(spec.name);
    const turn = before ?? Promise.resolve();
    const place: Place = { spec, configured, running: undefined, last: undefined, turn };
    places.set(spec.name, place);
    tell();
    if (before === undefined) start(place);
    else {
      await inTurn(place, () => {
        start(place);
      });
    }
  }

  function need(camera: string): Place {
    const place = places.get(camera);
    if (place === undefined) throw new DeadpanError('E_NOT_FOUND', `There is no camera "${camera}".`);
    return place;
  }

  function replace(place: Place, spec: CameraSpec): Promise<void> {
    refuseWhenClosed();
    show(spec.address);
    place.spec = spec;
    tell();
    return inTurn(place, async () => {
      await stop(place);
      start(place);
    });
  }

  async function remove(camera: string): Promise<void> {
    const place = need(camera);
    places.delete(camera);
    const gone = inTurn(place, async () => {
      await stop(place);
      onGone(camera);
      onStatus(statusOf(place, 'removed'));
    });
    const left = place.turn;
    leaving.set(camera, left);
    tell();
    try {
      await gone;
    } finally {
      if (leaving.get(camera) === left) leaving.delete(camera);
    }
  }

  return {
    list: () => [...places.values()].map(({ spec }) => entryOf(spec)),
    get(camera) {
      const place = places.get(camera);
      return place === undefined ? undefined : entryOf(place.spec);
    },
    async add({ id, address, fps, paused }) {
      const spec = { name: id, address, fps, paused };
      await put(spec);
      return entryOf(spec);
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
      refuseWhenClosed();
      // All or none: what cannot be an address is found before any camera is touched.
      for (const { address } of specs) show(address);
      const wanted = new Map(specs.map((spec) => [spec.name, spec]));
      const gone = [...places.values()].filter(
        ({ spec, configured }) => configured !== undefined && !wanted.has(spec.name),
      );
      await Promise.all([
        ...gone.map(({ spec }) => remove(spec.name)),
        ...specs.map((spec) => {
          const place = places.get(spec.name);
          if (place === undefined) return put(spec, spec);
          const before = place.configured;
          place.configured = spec;
          return before !== undefined && isSame(before, spec) ? Promise.resolve() : replace(place, spec);
        }),
      ]);
    },
    async close() {
      closed = true;
      const stopping = [...places.values()].map((place) => inTurn(place, () => stop(place)));
      await Promise.all([...stopping, ...leaving.values()]);
    },
  };
}

const isSame = (a: CameraSpec, b: CameraSpec): boolean =>
  a.address === b.address && a.fps === b.fps && a.paused === b.paused;

import type { CameraEntry, CameraProbe, CameraRegistry } from '@deadpan/feed';
import { cameraAddress } from '@deadpan/ingest';
import { DeadpanError } from '@deadpan/shared';

import type { CameraSpec } from '../live/camera-config.js';
import type { ListedCamera } from './camera-list-codec.js';
import { createCameraListReceiver, putCameras, type CameraListOptions } from './camera-list.js';

/** What {@link createCameraListRegistry} needs. */
export interface CameraListRegistryOptions extends CameraListOptions {
  /** A group of this process alone: it reads the whole list. */
  readonly group: string;
  readonly probe: (address: string, signal: AbortSignal) => Promise<CameraProbe>;
}

/** The cameras of `deadpan.cameras.v1`, for the feed. */
export interface CameraListRegistry extends CameraRegistry {
  /** Resolves when the list is being read. */
  start(): Promise<void>;
  /** Resolves after `close`; rejects when the list cannot be read any more. */
  readonly done: Promise<void>;
  /** Edits that wait for the broker are given up. */
  close(): Promise<void>;
}

/** Reads and edits the list; whichever ingest has the camera's partition follows. */
export function createCameraListRegistry(options: CameraListRegistryOptions): CameraListRegistry {
  const receiver = createCameraListReceiver(options, options.group);
  const closing = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  const cameras = new Map<string, CameraSpec>();
  /** Digests of the configuration's entries, which every later line of the camera carries on. */
  const configured = new Map<string, string>();
  const listeners = new Set<() => void>();

  const entryOf = ({ name, address, fps, paused }: CameraSpec): CameraEntry => ({
    id: name,
    address: shown(address),
    fps,
    paused,
  });
  function take(camera: CameraSpec, removed: boolean): void {
    if (removed) cameras.delete(camera.name);
    else cameras.set(camera.name, camera);
    for (const listener of listeners) listener();
  }
  /** One edit at a time, or an older one could become the newest line; a failure belongs to who made the edit. */
  function write(line: ListedCamera): Promise<void> {
    const written = turn.then(() => putCameras(options, [line], closing.signal));
    turn = written.catch(() => undefined);
    return written;
  }
  async function put(camera: CameraSpec, removed = false): Promise<CameraEntry> {
    // Refuses what cannot be an address.
    cameraAddress(camera.address);
    await write({ ...camera, removed, configured: configured.get(camera.name) });
    // What was just written is known at once, and read back later.
    take(camera, removed);
    return entryOf(camera);
  }
  function need(camera: string): CameraSpec {
    const found = cameras.get(camera);
    if (found === undefined) throw new DeadpanError('E_NOT_FOUND', `There is no camera "${camera}".`);
    return found;
  }

  async function follow(): Promise<void> {
    for await (const record of receiver) {
      const { removed, configured: digest, ...camera } = record.value;
      if (digest !== undefined) configured.set(camera.name, digest);
      take(camera, removed);
      record.ack();
    }
  }

  const done = follow();
  // Whoever waits for it hears of it; until then it is no bug.
  done.catch(() => undefined);
  return {
    list: () => [...cameras.values()].map(entryOf),
    get(camera) {
      const found = cameras.get(camera);
      return found === undefined ? undefined : entryOf(found);
    },
    async add({ id, address, fps, paused }) {
      if (cameras.has(id)) throw new DeadpanError('E_CONFLICT', `There is a camera "${id}" already.`);
      return put({ name: id, address, fps, paused });
    },
    async update(camera, change) {
      const { name, address, fps, paused } = need(camera);
      return put({
        name,
        address: change.address ?? address,
        fps: change.fps === undefined ? fps : change.fps,
        paused: change.paused ?? paused,
      });
    },
    async remove(camera) {
      const { address, ...rest } = need(camera);
      // The topic keeps the newest line of a name for ever: its password is not to be in that.
      await put({ ...rest, address: shown(address) }, true);
    },
    probe: options.probe,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => receiver.start(),
    done,
    async close() {
      closing.abort();
      await receiver.stop(0);
      await receiver.close();
      await turn;
    },
  };
}

/** An address without name and password; whoever put another on the list went past this program. */
function shown(address: string): string {
  try {
    return cameraAddress(address).shown;
  } catch {
    return '(no address)';
  }
}

import { sentenceOf } from '@deadpan/shared';
import { runPerPartition, type PartitionRun } from '@deadpan/shared/kafka';

import type { CameraSpec } from '../live/camera-config.js';
import type { ListedCamera } from './camera-list-codec.js';
import { createCameraListReceiver, type CameraListOptions } from './camera-list.js';

/** What {@link shareCameras} needs. */
export interface SharedCamerasOptions extends CameraListOptions {
  /** Told which cameras are this process's to read, whenever that changes; calls do not overlap. */
  readonly apply: (cameras: readonly CameraSpec[]) => Promise<void>;
  /** Ends the share: others get it. */
  readonly signal: AbortSignal;
}

/** A share of the cameras. */
export interface SharedCameras {
  /** Resolves when this process has its first share. */
  readonly joined: Promise<void>;
  /** Resolves after `signal`, once the share is given back; rejects when the list cannot be read any more. */
  readonly done: Promise<void>;
}

/**
 * Shares the cameras of `deadpan.cameras.v1` among the members of the group `deadpan.ingest`: who is assigned a
 * partition reads its cameras. When a member dies, its partitions, and so its cameras, go to others. Nothing is ever
 * committed: whoever gets a partition reads its part of the list from the beginning.
 */
export function shareCameras({ client, logger, apply, signal }: SharedCamerasOptions): SharedCameras {
  const receiver = createCameraListReceiver({ client, logger }, 'deadpan.ingest');
  const shares = new Map<number, Map<string, CameraSpec>>();
  let applying: Promise<void> = Promise.resolve();
  let due = false;

  /** Changes that come while one is being applied are applied together. */
  function change(): void {
    if (due) return;
    due = true;
    applying = applying
      .then(() => {
        due = false;
        return apply([...shares.values()].flatMap((share) => [...share.values()]));
      })
      .catch((error: unknown) => {
        logger.error(`The cameras stay as they are: ${sentenceOf(error)}`);
      });
  }

  async function followPartition({ partition, from }: PartitionRun<ListedCamera>): Promise<void> {
    const share = new Map<string, CameraSpec>();
    shares.set(partition, share);
    for await (const { value } of from) {
      const { removed, ...spec } = value;
      if (removed) share.delete(spec.name);
      else share.set(spec.name, spec);
      change();
    }
    // The partition went to somebody else, unless it came back before this was seen.
    if (shares.get(partition) === share) shares.delete(partition);
    change();
  }

  async function follow(): Promise<void> {
    try {
      await runPerPartition(receiver, followPartition);
      await applying;
    } finally {
      await receiver.close();
    }
  }

  signal.addEventListener('abort', () => void receiver.stop(0));
  return { joined: receiver.start(), done: follow() };
}

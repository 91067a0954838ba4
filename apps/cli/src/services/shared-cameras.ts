import { sentenceOf } from '@deadpan/shared';
import { runPerPartition, silentObserver, type PartitionRun } from '@deadpan/shared/kafka';

import type { CameraSpec } from '../live/camera-config.js';
import type { ListedCamera } from './camera-list-codec.js';
import { createCameraListReceiver, type CameraListOptions } from './camera-list.js';

/** What {@link shareCameras} needs. */
export interface SharedCamerasOptions extends CameraListOptions {
  /**
   * Told which cameras are this process's to read, whenever that changes, and which names the list says are removed:
   * others that are not to be read any more are read by somebody else. Calls do not overlap.
   */
  readonly apply: (cameras: readonly CameraSpec[], removed: ReadonlySet<string>) => Promise<void>;
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

/** The cameras of a partition. */
interface Share {
  readonly cameras: Map<string, CameraSpec>;
  /** Its part of the list was read to the end: until then later lines may pause or remove what earlier ones name. */
  whole: boolean;
}

/**
 * Shares the cameras of `deadpan.cameras.v1` among the members of the group `deadpan.ingest`: who is assigned a
 * partition reads its cameras. When a member dies, its partitions, and so its cameras, go to others. Nothing is ever
 * committed: whoever gets a partition reads its part of the list from the beginning.
 */
export function shareCameras({ client, logger, apply, signal }: SharedCamerasOptions): SharedCameras {
  const shares = new Map<number, Share>();
  const gone = new Set<string>();
  const receiver = createCameraListReceiver({ client, logger }, 'deadpan.ingest', {
    ...silentObserver,
    read(_, partition, lag) {
      const share = shares.get(partition);
      if (lag > 0 || share === undefined || share.whole) return;
      // The last line comes right after this, unless it is one that cannot be read.
      setImmediate(() => {
        share.whole = true;
        change();
      });
    },
  });
  let applying: Promise<void> = Promise.resolve();
  let due = false;

  /** Changes that come while one is being applied are applied together. */
  function change(): void {
    if (due) return;
    due = true;
    applying = applying
      .then(() => {
        due = false;
        const whole = [...shares.values()].filter((share) => share.whole);
        return apply(
          whole.flatMap(({ cameras }) => [...cameras.values()]),
          gone,
        );
      })
      .catch((error: unknown) => {
        logger.error(`The cameras stay as they are: ${sentenceOf(error)}`);
      });
  }

  async function followPartition({ partition, from }: PartitionRun<ListedCamera>): Promise<void> {
    const share: Share = { cameras: new Map(), whole: false };
    shares.set(partition, share);
    for await (const { value } of from) {
      const { removed, ...spec } = value;
      if (removed) {
        share.cameras.delete(spec.name);
        gone.add(spec.name);
      } else {
        share.cameras.set(spec.name, spec);
        gone.delete(spec.name);
      }
      if (share.whole) change();
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

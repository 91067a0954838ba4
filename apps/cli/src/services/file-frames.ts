import { openFile, type Ffmpeg, type IngestConfig } from '@deadpan/ingest';
import {
  createMemoryLink,
  DeadpanError,
  envelope,
  sentenceOf,
  type Frame,
  type Logger,
  type StageObserver,
} from '@deadpan/shared';

import type { CameraSpec } from '../live/camera-config.js';
import type { FrameFeed } from './frame-feed.js';

/** What {@link readFiles} needs. */
export interface FileFramesOptions {
  /** Their addresses are files. */
  readonly cameras: readonly CameraSpec[];
  readonly ffmpeg: Ffmpeg;
  readonly config: IngestConfig;
  readonly observer: StageObserver;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Frames under way: enough for two full batches beside what the tracker is at. */
const IN_FLIGHT = 48;

/**
 * The frames of recorded cameras, from first to last, no faster than they are worked on. A file that cannot be read, or
 * not to its end, is named in the log and stops no other.
 */
export function readFiles({
  cameras,
  ffmpeg,
  config,
  observer,
  logger,
  signal,
}: FileFramesOptions): FrameFeed {
  const link = createMemoryLink<Frame>({
    name: 'frames',
    capacity: 1,
    inFlight: IN_FLIGHT,
    whenFull: 'block',
  });
  let failed = 0;

  async function read({ name, address, fps }: CameraSpec): Promise<void> {
    const source = await openFile(address, {
      ...{ ffmpeg, camera: name, maxSide: config.maxSide, maxPixels: config.maxPixels },
      ...(fps === null ? {} : { fps }),
    });
    let counted = 0;
    /** Counts what was decoded since, of which so many frames were picked. */
    const count = (picked: number): void => {
      for (; counted < source.framesRead - picked; counted++) {
        observer.received('ingest', name);
        observer.dropped('ingest', name, 'unsampled');
      }
      for (; counted < source.framesRead; counted++) observer.received('ingest', name);
    };
    try {
      for await (const frame of source) {
        count(1);
        if (signal.aborted) {
          frame.release();
          observer.dropped('ingest', name, 'closed');
          return;
        }
        observer.emitted('ingest', name);
        await link.sender.send(envelope({ key: name, timeUs: frame.timeUs, value: frame }));
      }
    } finally {
      count(0);
    }
  }

  async function readAll(): Promise<number> {
    const all = cameras.map(async (camera) => {
      try {
        await read(camera);
      } catch (error) {
        if (!(error instanceof DeadpanError)) throw error;
        failed += 1;
        logger.error({ camera: camera.name }, sentenceOf(error));
      }
    });
    await Promise.all(all);
    await link.sender.end();
    return failed;
  }

  return { frames: link.receiver, done: readAll() };
}

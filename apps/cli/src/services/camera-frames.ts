import { cameraAddress, createCamera, type Ffmpeg, type IngestConfig } from '@deadpan/ingest';
import { sentenceOf, type CameraStatus, type Frame, type Logger, type StageObserver } from '@deadpan/shared';

import type { CameraSpec } from '../live/camera-config.js';
import { createCameraDesk } from '../live/camera-desk.js';
import { createFrameLine } from '../live/frame-line.js';
import type { FrameFeed } from './frame-feed.js';

/** What {@link createCameraFrames} needs. */
export interface CameraFramesOptions {
  readonly ffmpeg: Ffmpeg;
  readonly config: IngestConfig;
  readonly observer: StageObserver;
  readonly logger: Logger;
  readonly onStatus: (status: CameraStatus) => void;
}

/** The newest frames of live cameras, whatever happens to the cameras. */
export interface CameraFrames extends Pick<FrameFeed, 'frames'> {
  /** Reads these from now on, and no others. One whose address is none is named in the log. */
  apply(cameras: readonly CameraSpec[]): Promise<void>;
  /** Stops the cameras; what was taken from them is still handed out. */
  close(): Promise<void>;
}

/** Frames of one camera on their way to the broker; when they are too many, newer frames replace older ones. */
const IN_FLIGHT = 4;

/** Live cameras that come and go. */
export function createCameraFrames(options: CameraFramesOptions): CameraFrames {
  const { ffmpeg, config, observer, logger, onStatus } = options;
  const line = createFrameLine(IN_FLIGHT);

  async function* counted(camera: string, frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
    for await (const frame of frames) {
      observer.emitted('ingest', camera);
      yield frame;
    }
  }

  function isAddress({ name, address }: CameraSpec): boolean {
    try {
      cameraAddress(address);
      return true;
    } catch (error) {
      logger.error({ camera: name }, sentenceOf(error));
      return false;
    }
  }

  const cameras = createCameraDesk({
    open({ name, address, fps }, tell) {
      const camera = createCamera({
        ...{ name, address, ffmpeg, onStatus: tell },
        ...(fps === null ? {} : { fps }),
        maxSide: config.maxSide,
        maxPixels: config.maxPixels,
        onArrival() {
          observer.received('ingest', name);
        },
        onDrop(reason) {
          observer.dropped('ingest', name, reason);
        },
        log(level, text) {
          logger[level]({ camera: name }, text);
        },
      });
      // After the end of the line nothing is taken any more.
      void line.join(name, counted(name, camera.frames)).catch(() => undefined);
      return camera;
    },
    show: (address) => cameraAddress(address).shown,
    probe: () => Promise.reject(new TypeError('nobody asks this desk')),
    onStatus,
    onGone: () => undefined,
  });

  return {
    frames: line.receiver,
    apply: (specs) => cameras.apply(specs.filter(isAddress)),
    async close() {
      await cameras.close();
      await line.end();
    },
  };
}

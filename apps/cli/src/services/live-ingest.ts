import type { Ffmpeg, IngestConfig } from '@deadpan/ingest';
import { envelope, statusCodec, type CameraStatus, type Logger, type StageObserver } from '@deadpan/shared';
import { TOPICS, type KafkaClient } from '@deadpan/shared/kafka';

import type { CameraSpec } from '../live/camera-config.js';
import { createCameraFrames } from './camera-frames.js';
import { putConfiguredCameras } from './configured-cameras.js';
import type { FrameFeed } from './frame-feed.js';
import type { KafkaEnds } from './kafka-ends.js';
import { shareCameras } from './shared-cameras.js';

/** What {@link openLiveCameras} needs. */
export interface LiveIngestOptions {
  readonly client: KafkaClient;
  readonly ends: KafkaEnds;
  readonly ffmpeg: Ffmpeg;
  readonly config: IngestConfig;
  /** Cameras of the configuration, to put on the list before this process takes its share of it. */
  readonly cameras: readonly CameraSpec[];
  readonly observer: StageObserver;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Statuses that may wait for the broker; while it is away, newer ones will follow. */
const STATUSES = 1000;

/** Begins to read this process's share of the cameras on the list, until `signal` aborts. */
export async function openLiveCameras(options: LiveIngestOptions): Promise<FrameFeed> {
  const { client, ends, ffmpeg, config, cameras, observer, logger, signal } = options;
  const statuses = ends.sender(TOPICS.status, statusCodec);
  let removed: ReadonlySet<string> = new Set();
  let sending = 0;
  function onStatus(status: CameraStatus): void {
    // A camera that leaves this process and stays on the list goes to another one, which speaks of it next.
    if (status.state === 'removed' && !removed.has(status.camera)) return;
    if (sending >= STATUSES) return;
    sending += 1;
    const onAck = (): void => {
      sending -= 1;
    };
    const { camera: key, timeUs } = status;
    statuses.send(envelope({ key, timeUs, value: status, onAck })).catch((error: unknown) => {
      logger.warn({ camera: key, err: error }, 'a status was not sent');
    });
  }

  const live = createCameraFrames({ ffmpeg, config, observer, logger, onStatus });
  try {
    await putConfiguredCameras({ client, logger }, cameras, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  // Who is to end takes no share.
  if (signal.aborted) return { frames: live.frames, done: live.close().then(() => 0) };
  const share = shareCameras({
    ...{ client, logger, signal },
    apply(mine, gone) {
      removed = gone;
      return live.apply(mine);
    },
  });
  const done = share.done.finally(() => live.close()).then(() => 0);
  // Reported by `joined` too, which is awaited first.
  done.catch(() => undefined);
  await share.joined;
  return { frames: live.frames, done };
}

import { randomBytes } from 'node:crypto';

import { createAlign, createAlignStage } from '@deadpan/align';
import { dashboardRoot } from '@deadpan/dashboard';
import { createWindowStage, type CameraLeft } from '@deadpan/classify';
import { createFeedServer, type FeedServer } from '@deadpan/feed';
import { cameraAddress, createCamera, type Ffmpeg } from '@deadpan/ingest';
import type { InferencePool } from '@deadpan/nets';
import { DeadpanError, type Expression } from '@deadpan/shared';
import { createStageMetrics, type Logger } from '@deadpan/shared/telemetry';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Subject } from 'rxjs';

import type { DeadpanConfig } from '../config.js';
import { runEmbedded } from '../pipeline/embedded.js';
import { createStageSet } from '../pipeline/stages.js';
import { version } from '../version.js';
import type { CameraSpec } from './camera-config.js';
import { createCameraDesk, type CameraDesk } from './camera-desk.js';
import { createFrameLine } from './frame-line.js';
import { createFramePictures } from './frame-pictures.js';
import { probeForFeed } from './probe-for-feed.js';

/** What {@link startLive} needs. */
export interface LiveOptions {
  readonly config: DeadpanConfig;
  readonly ffmpeg: Ffmpeg;
  readonly pool: InferencePool;
  readonly logger: Logger;
}

/** Cameras to the feed, in this process. */
export interface Live {
  /** Where the feed listens. */
  readonly url: string;
  readonly cameras: CameraDesk;
  /** Rejects when the line cannot go on; resolves after `close`. */
  readonly ended: Promise<void>;
  /**
   * Drains: the cameras stop, what was taken from them is worked to its end and published, then the feed ends. Rejects,
   * when that is done, where the line could not go on.
   */
  close(): Promise<void>;
}

/** Frames that are worked on at a time, for each worker: one that it is at, and one whose results are on their way. */
const FRAMES_PER_WORKER = 2;

/**
 * Starts the line and the feed, without a camera.
 * @throws DeadpanError E_MODEL_MISSING, E_MODEL_INVALID, E_CONFIG, E_LISTEN, E_HISTORY
 */
export async function startLive({ config, ffmpeg, pool, logger }: LiveOptions): Promise<Live> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const observer = createStageMetrics(registry);
  const stageSet = await createStageSet(pool, config);
  await stageSet.loaded;
  const align = createAlign({
    pool,
    config: config.align,
    // Track ids of two sessions must not be taken for the same person.
    trackPrefix: `${randomBytes(3).toString('hex')}-`,
  });
  const line = createFrameLine(pool.workers * FRAMES_PER_WORKER);
  const running = new Map<string, ReturnType<typeof createCamera>>();
  const left = new Subject<CameraLeft>();
  const stages = {
    ...stageSet.forInput(),
    align: createAlignStage(align),
    window: createWindowStage(config.window, { silenceMs: config.window.silence * 1000, left }),
  };
  observer.queue(stages.align.name, () => line.waiting);
  const faults: string[] = [];

  const cameras = createCameraDesk({
    open(spec, onStatus) {
      const camera = createCamera({
        name: spec.name,
        address: spec.address,
        ffmpeg,
        ...(spec.fps === null ? {} : { fps: spec.fps }),
        maxSide: config.ingest.maxSide,
        maxPixels: config.ingest.maxPixels,
        onStatus,
        onArrival() {
          observer.received('ingest', spec.name);
        },
        onDrop(reason) {
          observer.dropped('ingest', spec.name, reason);
        },
        log(level, text) {
          logger[level]({ camera: spec.name }, text);
        },
      });
      running.set(spec.name, camera);
      const joined = line.join(spec.name, pictured(camera.frames)).then(
        () => true,
        (error: unknown) => {
          logger.error({ camera: spec.name, err: error }, 'no more frames are taken from the camera');
          return false;
        },
      );
      return {
        status: () => camera.status(),
        async remove() {
          await camera.remove();
          // Only then does whoever is edited come back: nothing of before can mix with what follows.
          const closed = joined.then((whole) => (whole ? closeWindows(spec.name) : undefined));
          await Promise.race([closed, lineEnded]);
          align.end(spec.name);
        },
      };
    },
    show: (address) => cameraAddress(address).shown,
    probe: (address, signal) => probeForFeed(ffmpeg, address, signal),
    onStatus(status) {
      feed.publishStatus(status).catch((error: unknown) => {
        logger.error({ camera: status.camera, err: error }, 'the state of a camera was not kept');
      });
    },
    onGone(camera) {
      running.delete(camera);
    },
  });

  const feed: FeedServer = await createFeedServer({
    config: config.feed,
    cameras,
    version,
    window: { size: config.window.size, hop: config.window.hop },
    registry,
    logger,
    staticRoot: dashboardRoot,
    readiness: () => faults,
  });
  const pictures = createFramePictures(feed.pictures);

  async function* pictured(frames: ReturnType<typeof createCamera>['frames']) {
    for await (const frame of frames) {
      observer.emitted('ingest', frame.camera);
      yield pictures.take(frame);
    }
  }

  const closeWindows = (camera: string): Promise<void> =>
    new Promise((done) => {
      left.next({ camera, done });
    });

  function publish(expression: Expression): void {
    running.get(expression.camera)?.observeLatency(Date.now() - expression.timeUs / 1000);
    void pictures.ready(expression).then(() => feed.publishExpression(expression));
  }

  const { batchSize, liveBatchDelay } = config.inference;
  const ended = runEmbedded({
    frames: line.receiver,
    stages,
    batch: { size: batchSize, maxDelayMs: liveBatchDelay, concurrency: 2 },
    observer,
    onQueue(stage, waiting) {
      observer.queue(stage, waiting);
    },
    deadLetters(letter) {
      logger.error({ stage: letter.stage, traceId: letter.record.traceId, err: letter.error }, letter.reason);
      return Promise.resolve();
    },
    onPair(pair) {
      pictures.takeFaces(pair);
    },
    onExpression(expression) {
      publish(expression);
      return Promise.resolve();
    },
    onEmotion(emotion) {
      // Not awaited: a slow disk must not make frames old. What could not be kept is counted by the feed and said here.
      feed.publishEmotion(emotion).catch((error: unknown) => {
        observer.dropped('feed', emotion.camera, 'not-kept');
        logger.error({ camera: emotion.camera, err: error }, 'a window was not kept');
      });
      return Promise.resolve();
    },
  });
  const lineEnded = ended.catch((error: unknown) => {
    logger.error({ err: error }, 'the line has ended');
    faults.push(`the line has ended: ${error instanceof Error ? error.message : String(error)}`);
  });

  return {
    url: feed.url,
    cameras,
    ended,
    async close() {
      await cameras.close();
      await line.end();
      await lineEnded;
      await feed.close();
      // What was taken was not worked to its end.
      await ended;
    },
  };
}

/** The cameras of a command line: `camera-1`, `camera-2`, ...; a name may go before, as in `door=rtsp://...`. */
export function camerasFromArguments(sources: readonly string[], fps: number | null): CameraSpec[] {
  return sources.map((source, i) => {
    const [, name, address] = /^([\p{L}\p{N}][\p{L}\p{N} ._-]{0,63})=(.+)$/u.exec(source) ?? [];
    return { name: name ?? `camera-${i + 1}`, address: address ?? source, fps, paused: false };
  });
}

/** @throws DeadpanError E_USAGE where two cameras have the same name */
export function refuseSameNames(cameras: readonly CameraSpec[]): void {
  if (new Set(cameras.map(({ name }) => name)).size === cameras.length) return;
  throw new DeadpanError('E_USAGE', 'Two cameras have the same name.', { advice: 'Name them: NAME=SOURCE.' });
}

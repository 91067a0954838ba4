import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { dashboardRoot } from '@deadpan/dashboard';
import { createFeedServer, runFeedStage, type FeedServer } from '@deadpan/feed';
import { findFfmpeg } from '@deadpan/ingest';
import { emotionCodec, expressionCodec, statusCodec, type Logger, type StageObserver } from '@deadpan/shared';
import { TOPICS, type KafkaClient } from '@deadpan/shared/kafka';
import type { Registry } from 'prom-client';

import type { DeadpanConfig } from '../config.js';
import { probeForFeed } from '../live/probe-for-feed.js';
import { version } from '../version.js';
import { createCameraListRegistry } from './camera-list-registry.js';
import type { KafkaEnds } from './kafka-ends.js';

/** What {@link runFeedService} needs. */
export interface FeedServiceOptions {
  readonly config: DeadpanConfig;
  readonly client: KafkaClient;
  readonly ends: KafkaEnds;
  readonly registry: Registry;
  readonly observer: StageObserver;
  readonly logger: Logger;
  readonly missing: () => readonly string[];
  readonly signal: AbortSignal;
  readonly onReady: () => void;
}

/**
 * Serves what the public topics say: WebSocket, HTTP and dashboard. Every feed reads all partitions, in groups of its
 * own, so that each tells everything; one that keeps its history in a file goes on where it was.
 */
export async function runFeedService(options: FeedServiceOptions): Promise<void> {
  const { config, client, ends, registry, observer, logger, missing, signal, onReady } = options;
  // One a topic: a group whose members read different topics leaves some to nobody.
  const life = randomBytes(4).toString('hex');
  const group = (topic: string, name = life): string => `deadpan.feed.${hostname()}.${name}.${topic}`;
  const kept = config.feed.history.enabled && config.feed.history.file !== '';
  const now = Date.now();
  const emotions = ends.receiver(TOPICS.emotions, emotionCodec, {
    group: group('emotions', kept ? 'kept' : life),
    beginMs: now - config.feed.trackSeconds * 1000,
  });
  const expressions = ends.receiver(TOPICS.expressions, expressionCodec, {
    group: group('expressions'),
    beginMs: now,
  });
  const statuses = ends.receiver(TOPICS.status, statusCodec, { group: group('status') });
  const receivers = [emotions, expressions, statuses];
  const cameras = createCameraListRegistry({
    ...{ client, logger, group: group('cameras') },
    probe: async (address, gone) => probeForFeed(await findFfmpeg(), address, gone),
  });
  const stop = (): void => {
    for (const receiver of receivers) void receiver.stop();
    void cameras.close();
  };
  signal.addEventListener('abort', stop);
  if (config.feed.pixels !== 'off') {
    logger.warn(
      `feed.pixels is ${config.feed.pixels}, but pictures do not come over Kafka: only the preview of a probe is shown.`,
    );
  }
  if (signal.aborted) stop();
  let feed: FeedServer | undefined;
  try {
    feed = await createFeedServer({
      ...{ config: config.feed, cameras, version, registry, logger },
      window: { size: config.window.size, hop: config.window.hop },
      staticRoot: dashboardRoot,
      readiness: missing,
    });
    logger.info({ url: feed.url }, `the dashboard is at ${feed.url}`);
    const started = Promise.all([cameras.start(), ...receivers.map((receiver) => receiver.start())]);
    await Promise.all([
      started.then(onReady),
      cameras.done,
      runFeedStage(feed, { emotions, expressions, statuses }, observer),
    ]);
  } finally {
    signal.removeEventListener('abort', stop);
    await ends.closeReceivers();
    await cameras.close();
    await feed?.close();
  }
}

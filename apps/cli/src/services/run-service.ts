import { findFfmpeg } from '@deadpan/ingest';
import { createStageMetrics, type Logger } from '@deadpan/shared/telemetry';
import {
  createDeadLetters,
  createKafkaClient,
  createKafkaMetrics,
  requireTopics,
  TOPICS,
  type TopicLayout,
} from '@deadpan/shared/kafka';
import { collectDefaultMetrics, Registry } from 'prom-client';

import type { DeadpanConfig } from '../config.js';
import type { CameraSpec } from '../live/camera-config.js';
import { watchBroker } from './broker-watch.js';
import { runFeedService } from './feed-service.js';
import { readFiles } from './file-frames.js';
import { createKafkaEnds } from './kafka-ends.js';
import { runLineService } from './line-service.js';
import { openLiveCameras } from './live-ingest.js';
import { startProbeServer } from './probe-server.js';
import { SERVICES, type ServiceName } from './service-names.js';

/** What {@link runService} needs. */
export interface ServiceOptions {
  readonly config: DeadpanConfig;
  /** Neighbours that this process runs. */
  readonly names: readonly ServiceName[];
  /** The cameras that ingest brings along; files, where the run is bounded. */
  readonly cameras: readonly CameraSpec[];
  /** The run has an end: files are read once, the end is marked from service to service, and each ends there. */
  readonly bounded: boolean;
  /** Address of the probes and metrics; undefined for none. The feed has an address of its own. */
  readonly listen: string | undefined;
  readonly logger: Logger;
  /** Ends the service: what is under way is finished and committed. */
  readonly signal: AbortSignal;
}

/**
 * Runs one service, or neighbours fused in this process, until its input ends or `signal` aborts.
 * @returns how many cameras failed
 * @throws DeadpanError E_LINK, E_TOPIC, E_BROKER_REFUSED, E_LISTEN, and those of models, decoder and feed
 */
export async function runService(options: ServiceOptions): Promise<number> {
  const { config, names, cameras, bounded, listen, logger } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const observer = createStageMetrics(registry);
  const broker = watchBroker(createKafkaMetrics(registry));
  const kafkaObserver = broker.observer;

  // One part that ends in failure ends the others too.
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const waiting = new Set<string>(partsOf(names));
  const missing = (): readonly string[] => {
    if (signal.aborted) return ['it is stopping'];
    // The feed goes on showing what it has, and says itself how old that is.
    const isCutOff = broker.isAway && waiting.size === 0 && !names.includes('feed');
    return isCutOff ? ['Kafka does not answer'] : [...waiting].map((part) => `${part} is starting`);
  };
  const ready = (part: string): void => {
    waiting.delete(part);
    logger.info({ part }, 'ready');
  };

  const probes =
    listen === undefined || names.includes('feed')
      ? undefined
      : await startProbeServer({ listen, registry, missing });
  if (probes !== undefined) logger.info({ url: probes.url }, `probes and metrics are at ${probes.url}`);
  const client = createKafkaClient(config.kafka, logger);
  const deadLetters = createDeadLetters(client, kafkaObserver);
  const newEnds = (source: string) =>
    createKafkaEnds({
      ...{ client, deadLetters, observer: kafkaObserver, source: `/deadpan/${source}`, bounded, signal },
    });

  async function openFrames() {
    const ffmpeg = await findFfmpeg();
    const common = { cameras, ffmpeg, config: config.ingest, observer, logger, signal };
    return bounded ? readFiles(common) : openLiveCameras({ ...common, client, ends: lineEnds });
  }
  const lineEnds = newEnds(names.findLast((name) => name !== 'feed') ?? 'feed');
  const parts: Promise<number>[] = [];
  try {
    await requireTopics(client, topicsOf(names, bounded));
    if (waiting.has('line')) {
      const onReady = (): void => {
        ready('line');
      };
      const line = {
        names,
        config,
        ends: lineEnds,
        deadLetters,
        observer,
        bounded,
        openFrames,
        signal,
        onReady,
      };
      parts.push(runLineService(line));
    }
    if (waiting.has('feed')) {
      const onReady = (): void => {
        ready('feed');
      };
      const feed = {
        config,
        client,
        ends: newEnds('feed'),
        registry,
        observer,
        logger,
        missing,
        signal,
        onReady,
      };
      parts.push(runFeedService(feed).then(() => 0));
    }
    const failed = await Promise.all(parts);
    return failed.reduce((sum, count) => sum + count, 0);
  } finally {
    ending.abort();
    await Promise.allSettled(parts);
    await deadLetters.end();
    await probes?.close();
  }
}

const partsOf = (names: readonly ServiceName[]): ('line' | 'feed')[] => [
  ...(names.some((name) => name !== 'feed') ? (['line'] as const) : []),
  ...(names.includes('feed') ? (['feed'] as const) : []),
];

/** The topics that a process reads and writes. */
function topicsOf(names: readonly ServiceName[], bounded: boolean): TopicLayout[] {
  const { frames, faces, pairs, expressions, emotions, status, cameras, deadLetter } = TOPICS;
  const between = [[], [frames], [faces], [pairs], [], []];
  const first = SERVICES.findIndex((name) => name === names[0]);
  const last = first + names.length - 1;
  return [
    ...(between[first] ?? []),
    ...(between[last + 1] ?? []),
    ...(names.includes('classify') || names.includes('feed') ? [expressions, emotions] : []),
    ...((names.includes('ingest') && !bounded) || names.includes('feed') ? [status, cameras] : []),
    deadLetter,
  ];
}

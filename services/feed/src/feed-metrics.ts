import type { StatusMessage } from '@deadpan/shared';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the feed counts. Grammar: see docs/reference/metrics.md. */
export interface FeedMetrics {
  readonly sent: Counter<'type'>;
  readonly missed: Counter;
  readonly refused: Counter<'reason'>;
  readonly requests: Counter<'method' | 'status'>;
  readonly latency: Histogram<'camera' | 'type'>;
}

/** What is looked at when the metrics are read. */
export interface FeedGauges {
  /** How many clients are connected. */
  readonly clients: () => number;
  readonly statuses: () => readonly StatusMessage[];
  /** Whether pictures come from a camera. */
  readonly streams: (camera: string) => boolean;
}

/** Metrics of the feed in a registry. */
export function createFeedMetrics(
  registry: Registry,
  { clients, statuses, streams }: FeedGauges,
): FeedMetrics {
  const registers = [registry];
  new Gauge({
    name: 'deadpan_feed_clients',
    help: 'WebSocket clients that are connected.',
    registers,
    collect() {
      this.set(clients());
    },
  });
  new Gauge({
    name: 'deadpan_camera_streaming',
    help: '1 where pictures come from a camera, 0 where they should and do not; a paused camera has none.',
    labelNames: ['camera'],
    registers,
    collect() {
      this.reset();
      for (const { camera, state } of statuses()) {
        if (state !== 'paused') this.set({ camera }, streams(camera) ? 1 : 0);
      }
    },
  });
  return {
    sent: new Counter({
      name: 'deadpan_feed_sent_total',
      help: 'Messages handed to the sockets of clients.',
      labelNames: ['type'],
      registers,
    }),
    missed: new Counter({
      name: 'deadpan_feed_missed_total',
      help: 'Messages that a slow client missed because newer ones took their place.',
      registers,
    }),
    refused: new Counter({
      name: 'deadpan_feed_refused_total',
      help: 'Requests, messages and connections that were refused, by error code.',
      labelNames: ['reason'],
      registers,
    }),
    requests: new Counter({
      name: 'deadpan_feed_requests_total',
      help: 'HTTP requests that were answered.',
      labelNames: ['method', 'status'],
      registers,
    }),
    latency: new Histogram({
      name: 'deadpan_feed_latency_seconds',
      help: 'From the capture of a frame, or the end of a window, to its publication.',
      labelNames: ['camera', 'type'],
      buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10],
      registers,
    }),
  };
}

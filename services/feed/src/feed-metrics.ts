import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the feed counts. Grammar: see docs/reference/metrics.md. */
export interface FeedMetrics {
  readonly sent: Counter<'type'>;
  readonly missed: Counter;
  readonly refused: Counter<'reason'>;
  readonly requests: Counter<'method' | 'status'>;
  readonly latency: Histogram<'camera' | 'type'>;
}

/** Metrics of the feed in a registry; `clients` tells how many are connected. */
export function createFeedMetrics(registry: Registry, clients: () => number): FeedMetrics {
  const registers = [registry];
  new Gauge({
    name: 'deadpan_feed_clients',
    help: 'WebSocket clients that are connected.',
    registers,
    collect() {
      this.set(clients());
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

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { StageObserver } from '../runtime/index.js';

/** An observer that keeps Prometheus metrics. */
export interface StageMetrics extends StageObserver {
  /** Adds a queue of records that wait for a stage; a stage's queues count together. */
  queue(stage: string, waiting: () => number): void;
}

/** Metrics of stages in a registry. Grammar: see docs/reference/metrics.md. */
export function createStageMetrics(registry: Registry): StageMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const received = counter('deadpan_stage_received_total', 'Records that a stage took in.', [
    'camera',
    'stage',
  ]);
  const emitted = counter('deadpan_stage_emitted_total', 'Records that a stage gave on.', [
    'camera',
    'stage',
  ]);
  const dropped = counter(
    'deadpan_stage_dropped_total',
    'Records that ended here as they should, by reason.',
    ['camera', 'stage', 'reason'],
  );
  const deadLettered = counter(
    'deadpan_stage_dead_lettered_total',
    'Records that were put aside, by reason.',
    ['camera', 'stage', 'reason'],
  );
  const seconds = new Histogram({
    name: 'deadpan_stage_seconds',
    help: 'Time of one call of a stage, in seconds.',
    labelNames: ['stage'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers,
  });
  const batch = new Histogram({
    name: 'deadpan_stage_batch_records',
    help: 'Records in one call of a stage.',
    labelNames: ['stage'],
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const queues: { readonly stage: string; readonly waiting: () => number }[] = [];
  new Gauge({
    name: 'deadpan_stage_waiting_records',
    help: 'Records that wait in this process for a stage to take them in.',
    labelNames: ['stage'],
    registers,
    collect() {
      this.reset();
      for (const { stage, waiting } of queues) this.inc({ stage }, waiting());
    },
  });
  return {
    queue: (stage, waiting) => {
      queues.push({ stage, waiting });
    },
    received: (stage, camera) => {
      received.inc({ camera, stage });
    },
    emitted: (stage, camera) => {
      emitted.inc({ camera, stage });
    },
    dropped: (stage, camera, reason) => {
      dropped.inc({ camera, stage, reason });
    },
    deadLettered: (stage, camera, reason) => {
      deadLettered.inc({ camera, stage, reason });
    },
    worked: (stage, took, records) => {
      seconds.observe({ stage }, took);
      batch.observe({ stage }, records);
    },
  };
}

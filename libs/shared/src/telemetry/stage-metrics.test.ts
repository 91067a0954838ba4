import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Registry } from 'prom-client';

import { createStageMetrics } from './stage-metrics.js';

test('what waits for a stage is looked at when the metrics are read, over all of its queues', async () => {
  const registry = new Registry();
  const metrics = createStageMetrics(registry);
  const queues = { pairs: 3, seen: 4, frames: 0 };
  metrics.queue('classify', () => queues.pairs);
  metrics.queue('classify', () => queues.seen);
  metrics.queue('align', () => queues.frames);
  const waiting = async (stage: string): Promise<string | undefined> =>
    new RegExp(`^deadpan_stage_waiting_records\\{stage="${stage}"\\} (.*)$`, 'm').exec(
      await registry.metrics(),
    )?.[1];
  assert.equal(await waiting('classify'), '7');
  queues.pairs = 0;
  assert.equal(await waiting('classify'), '4');
  assert.equal(await waiting('align'), '0');
});

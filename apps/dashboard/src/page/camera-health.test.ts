import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StatusMessage } from '@deadpan/shared';

import { healthOf } from './camera-health.js';

const status = (change: Partial<StatusMessage>): StatusMessage => ({
  type: 'status',
  at: '2026-01-01T00:00:00.000Z',
  camera: 'door',
  epoch: 0,
  state: 'streaming',
  fps: { in: 25, analysed: 5, dropped: 20 },
  latencyMs: 100,
  stalls: 0,
  reconnects: 0,
  lastError: null,
  ...change,
});

test('a camera is judged by its state first, then by its last hour', () => {
  assert.equal(healthOf(null, false).level, 'off');
  assert.equal(healthOf(status({}), false).level, 'good');
  assert.equal(healthOf(status({}), true).level, 'paused');
  assert.equal(healthOf(status({ stalls: 1 }), false).level, 'fair');
  assert.equal(healthOf(status({ stalls: 3, reconnects: 3 }), false).level, 'poor');
  assert.deepEqual(
    [healthOf(status({}), false, false)].map(({ level, label }) => [level, label]),
    [['off', 'Silent']],
  );
  const waiting = healthOf(status({ state: 'waiting', reconnects: 1 }), false);
  assert.deepEqual(waiting, {
    level: 'off',
    label: 'Offline',
    reason: 'Offline. 0 stalls and 1 reconnect in the last hour.',
  });
  const trying = status({ state: 'connecting', lastError: 'Nothing answers.' });
  assert.equal(healthOf(trying, false).label, 'Offline');
  assert.equal(healthOf(status({ state: 'connecting' }), false).label, 'Connecting');
});

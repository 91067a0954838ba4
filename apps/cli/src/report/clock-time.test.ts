import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clockTicks, clockTime } from './clock-time.js';

test('times read like a clock', () => {
  assert.equal(clockTime(0), '0:00');
  assert.equal(clockTime(59.99), '0:59');
  assert.equal(clockTime(61.29, 2), '1:01.29');
  assert.equal(clockTime(3725), '1:02:05');
  assert.equal(clockTime(-0.5, 1), '-0:00.5');
});

test('ticks are round and few', () => {
  assert.deepEqual(clockTicks(53, 10).times, [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(clockTicks(1, 10), {
    times: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    decimals: 1,
  });
  assert.ok(clockTicks(7200, 12).times.length <= 13);
  assert.ok(clockTicks(30 * 86_400, 12).times.length <= 13);
  assert.deepEqual(clockTicks(0, 10).times, [0]);
});

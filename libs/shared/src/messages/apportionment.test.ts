import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apportioned } from './apportionment.js';

const parts = (shares: readonly number[]): number =>
  shares.reduce((sum, share) => sum + Math.round(share * 10_000), 0);

test('rounded shares sum to one exactly, whatever the shares', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 2000; round += 1) {
    const shares = Array.from({ length: 8 }, () => random() ** 6);
    const rounded = apportioned(shares);
    const sum = shares.reduce((a, b) => a + b);
    assert.equal(parts(rounded), 10_000);
    for (const [k, share] of shares.entries()) {
      assert.ok(Math.abs((rounded[k] ?? 0) - share / sum) < 1e-4);
    }
  }
});

test('equal shares: the first ones take what is left over', () => {
  assert.deepEqual(apportioned([1, 1, 1]), [0.3334, 0.3333, 0.3333]);
});

test('rounding rounded shares again changes nothing', () => {
  const once = apportioned([0.51234, 0.1, 0.2, 0.05, 0.03766, 0.04, 0.03, 0.03]);
  assert.deepEqual(apportioned(once), once);
});

test('nothing to share gives no numbers', () => {
  assert.deepEqual(apportioned([0, 0]), [NaN, NaN]);
  assert.deepEqual(apportioned([NaN, 1]), [NaN, NaN]);
});

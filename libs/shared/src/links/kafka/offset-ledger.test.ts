import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createOffsetLedger } from './offset-ledger.js';

test('whatever the order of acks, what may be committed is one beyond the unbroken run of acked records', () => {
  const offsets = fc
    .uniqueArray(fc.nat(500), { minLength: 1, maxLength: 60 })
    .map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(
      offsets.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all))),
      ([taken, acked]) => {
        const start = taken[0] ?? 0;
        const ledger = createOffsetLedger(start);
        for (const offset of taken) ledger.taken(offset);
        const done = new Set<number>();
        for (const offset of acked) {
          ledger.acked(offset);
          ledger.acked(offset);
          done.add(offset);
          const firstOpen = taken.findIndex((one) => !done.has(one));
          const last = firstOpen === -1 ? taken.at(-1) : taken[firstOpen - 1];
          assert.equal(ledger.committable, last === undefined ? start : last + 1);
          assert.equal(ledger.open, taken.length - done.size);
        }
      },
    ),
  );
});

test('a long life keeps no record of what is settled', () => {
  const ledger = createOffsetLedger(0);
  for (let offset = 0; offset < 100_000; offset += 1) {
    ledger.taken(offset);
    ledger.acked(offset);
  }
  assert.equal(ledger.committable, 100_000);
  assert.equal(ledger.open, 0);
});

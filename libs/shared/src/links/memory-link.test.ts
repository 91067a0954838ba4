import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { envelope, type Envelope } from './envelope.js';
import { testLinkConformance } from './link-conformance.js';
import { createMemoryLink } from './memory-link.js';

testLinkConformance({
  name: 'memory, block',
  create: (room) =>
    Promise.resolve({ link: createMemoryLink({ name: 'test', capacity: room, whenFull: 'block' }) }),
});

const record = (key: string, value: number): Envelope<number> => envelope({ key, timeUs: value, value });

test('a full blocking link makes the sender wait until a record is read', async () => {
  const link = createMemoryLink<number>({ name: 'test', capacity: 2, whenFull: 'block' });
  await link.sender.send(record('a', 0));
  await link.sender.send(record('a', 1));
  let accepted = false;
  const third = link.sender.send(record('a', 2)).then(() => {
    accepted = true;
  });
  await Promise.resolve();
  assert.equal(accepted, false);
  const reader = link.receiver[Symbol.asyncIterator]();
  await reader.next();
  await third;
  assert.equal(link.waiting, 2);
});

test('inFlight holds records back until one is acked', async () => {
  const link = createMemoryLink<number>({ name: 'test', capacity: 8, inFlight: 1, whenFull: 'block' });
  await link.sender.send(record('a', 0));
  await link.sender.send(record('a', 1));
  const reader = link.receiver[Symbol.asyncIterator]();
  const first = await reader.next();
  const seen: number[] = [];
  const reading = reader.next().then((result) => {
    if (result.done !== true) seen.push(result.value.value);
  });
  await new Promise(setImmediate);
  assert.deepEqual(seen, []);
  assert.ok(first.done !== true);
  first.value.ack();
  await reading;
  assert.deepEqual(seen, [1]);
});

test('a full live link drops the oldest of the same key, counts it and acks it', async () => {
  const dropped: number[] = [];
  const acked: number[] = [];
  const link = createMemoryLink<number>({
    name: 'test',
    capacity: 2,
    whenFull: 'drop-oldest',
    onDrop: (old) => dropped.push(old.value),
  });
  const send = (key: string, value: number): Promise<void> =>
    link.sender.send(envelope({ key, timeUs: value, value, onAck: () => acked.push(value) }));
  await send('a', 0);
  await send('b', 1);
  await send('b', 2);
  await send('c', 3);
  assert.deepEqual(dropped, [1, 0]);
  assert.deepEqual(acked, [1, 0]);
});

test('what is sent is received or dropped, never both, never neither', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.oneof(fc.constant('read' as const), fc.constantFrom('a', 'b', 'c')), { maxLength: 60 }),
      async (capacity, steps) => {
        const dropped: number[] = [];
        const received: number[] = [];
        const link = createMemoryLink<number>({
          name: 'test',
          capacity,
          whenFull: 'drop-oldest',
          onDrop: (old) => dropped.push(old.value),
        });
        const reader = link.receiver[Symbol.asyncIterator]();
        let sent = 0;
        const read = async (): Promise<void> => {
          const result = await reader.next();
          if (result.done !== true) {
            received.push(result.value.value);
            result.value.ack();
          }
        };
        for (const step of steps) {
          if (step !== 'read') await link.sender.send(record(step, sent++));
          else if (link.waiting > 0) await read();
          assert.ok(link.waiting <= capacity);
        }
        while (link.waiting > 0) await read();
        await link.sender.end();
        assert.deepEqual(
          [...received, ...dropped].sort((x, y) => x - y),
          Array.from({ length: sent }, (_, i) => i),
        );
        assert.equal(link.unacked, 0);
      },
    ),
  );
});

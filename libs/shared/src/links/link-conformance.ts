import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { DeadpanError } from '../errors/index.js';
import { envelope, type Envelope } from './envelope.js';
import type { Link } from './link.js';

/** A link under test. `create` gives a fresh one that holds at least `room` records before a sender waits. */
export interface LinkUnderTest {
  readonly name: string;
  create(room: number): Promise<{ link: Link<string>; dispose?: () => Promise<void> }>;
}

const record = (key: string, value: string, onAck?: () => void): Envelope<string> =>
  envelope({ key, timeUs: 0, value, ...(onAck === undefined ? {} : { onAck }) });

/** Registers the tests that every link must pass, whatever it is made of. */
export function testLinkConformance(subject: LinkUnderTest): void {
  const withLink = async (room: number, body: (link: Link<string>) => Promise<void>): Promise<void> => {
    const { link, dispose } = await subject.create(room);
    try {
      await body(link);
    } finally {
      await dispose?.();
    }
  };

  describe(`link conformance: ${subject.name}`, () => {
    test('delivers every record once and keeps the order per key', () =>
      withLink(16, async ({ sender, receiver }) => {
        const sending = (async () => {
          for (let i = 0; i < 200; i += 1) await sender.send(record(`camera-${i % 3}`, `${i % 3}:${i}`));
          await sender.end();
        })();
        const seen = new Map<string, number[]>();
        for await (const received of receiver) {
          const [key = '', number] = received.value.split(':');
          seen.set(key, [...(seen.get(key) ?? []), Number(number)]);
          received.ack();
        }
        await sending;
        assert.deepEqual([...seen.keys()].sort(), ['0', '1', '2']);
        for (const [key, numbers] of seen) {
          const expected = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 3 === Number(key));
          assert.deepEqual(numbers, expected);
        }
      }));

    test('carries key, event time, trace and value unchanged', () =>
      withLink(4, async ({ sender, receiver }) => {
        const sent = envelope({
          key: 'ünï/cam',
          timeUs: 1_700_000_000_123_456,
          value: 'späť\u0000',
          traceId: 'a'.repeat(32),
        });
        const sending = sender.send(sent).then(() => sender.end());
        const seen: Envelope<string>[] = [];
        for await (const received of receiver) {
          seen.push(received);
          received.ack();
        }
        await sending;
        assert.equal(seen.length, 1);
        const [received] = seen;
        assert.equal(received?.key, sent.key);
        assert.equal(received.timeUs, sent.timeUs);
        assert.equal(received.traceId, sent.traceId);
        assert.equal(received.value, sent.value);
      }));

    test('acks out of order settle every record once', () =>
      withLink(16, async ({ sender, receiver }) => {
        const acked: string[] = [];
        const sending = (async () => {
          for (const value of ['a', 'b', 'c', 'd'])
            await sender.send(record('camera', value, () => acked.push(value)));
          await sender.end();
        })();
        const held: Envelope<string>[] = [];
        for await (const received of receiver) held.push(received);
        await sending;
        for (const received of held.reverse()) {
          received.ack();
          received.ack();
        }
        assert.deepEqual([...acked].sort(), ['a', 'b', 'c', 'd']);
      }));

    test('a reader that stops early leaves the rest to the next reader', () =>
      withLink(16, async ({ sender, receiver }) => {
        const sending = (async () => {
          for (const value of ['a', 'b', 'c']) await sender.send(record('camera', value));
          await sender.end();
        })();
        const seen: string[] = [];
        for await (const received of receiver) {
          seen.push(received.value);
          received.ack();
          if (seen.length === 1) break;
        }
        for await (const received of receiver) {
          seen.push(received.value);
          received.ack();
        }
        await sending;
        assert.deepEqual(seen, ['a', 'b', 'c']);
      }));

    test('refuses records after its end, in words', () =>
      withLink(4, async ({ sender, receiver }) => {
        const ending = sender.end();
        for await (const received of receiver) received.ack();
        await ending;
        await assert.rejects(sender.send(record('camera', 'late')), (error) => {
          assert.ok(error instanceof DeadpanError);
          assert.equal(error.code, 'E_LINK');
          return true;
        });
      }));
  });
}

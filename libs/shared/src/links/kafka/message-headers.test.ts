import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { DeadpanError } from '../../errors/index.js';
import { isoMicroseconds, readHeaders, writeHeaders } from './message-headers.js';

const about = {
  id: 'door/0/7',
  type: 'deadpan.face.v1',
  contentType: 'application/octet-stream',
  source: '/deadpan/align',
  key: 'door',
  timeUs: 1_700_000_000_123_456,
  traceId: 'c'.repeat(32),
};

test('what is written is read back, to the microsecond', () => {
  fc.assert(
    fc.property(
      fc.record({
        id: fc.string({ unit: 'grapheme', minLength: 1 }),
        key: fc.string({ unit: 'grapheme', minLength: 1 }),
        timeUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
        traceId: fc.stringMatching(/^[0-9a-f]{32}$/),
      }),
      (given) => {
        const headers = Object.fromEntries(
          Object.entries(writeHeaders({ ...about, ...given })).map(([name, text]) => [
            name,
            Buffer.from(text),
          ]),
        );
        assert.deepEqual(readHeaders(headers, about.type), { ...given });
      },
    ),
  );
});

test('the headers are those of CloudEvents and Trace Context', () => {
  const { traceparent, ...rest } = writeHeaders(about);
  assert.deepEqual(rest, {
    ce_specversion: '1.0',
    ce_id: 'door/0/7',
    ce_type: 'deadpan.face.v1',
    ce_source: '/deadpan/align',
    ce_subject: 'door',
    ce_time: '2023-11-14T22:13:20.123456Z',
    'content-type': 'application/octet-stream',
  });
  assert.match(traceparent ?? '', /^00-c{32}-[0-9a-f]{16}-01$/);
});

test('another type, a missing header and a time that is none are refused', () => {
  const headers = writeHeaders(about);
  const refused = (error: unknown): boolean =>
    error instanceof DeadpanError && error.code === 'E_RECORD_INVALID';
  assert.throws(() => readHeaders(headers, 'deadpan.pair.v1'), refused);
  for (const name of ['ce_id', 'ce_type', 'ce_subject', 'ce_time', 'traceparent']) {
    const without = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
    assert.throws(() => readHeaders(without, about.type), refused, name);
  }
  assert.throws(() => readHeaders({ ...headers, ce_time: 'yesterday' }, about.type), refused);
  assert.throws(() => readHeaders({ ...headers, traceparent: '00-zz' }, about.type), refused);
  assert.throws(() => readHeaders(undefined, about.type), refused);
});

test('times before 1970 are written too', () => {
  assert.equal(isoMicroseconds(-1), '1969-12-31T23:59:59.999999Z');
});

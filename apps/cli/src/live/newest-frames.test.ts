import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Envelope, Frame } from '@deadpan/shared';

import { createNewestFrames } from './newest-frames.js';

function frame(camera: string, sequence: number, released: string[] = []): Frame {
  return {
    ...{ camera, epoch: 0, sequence, timeUs: sequence, width: 2, height: 2 },
    image: { width: 2, height: 2, data: new Uint8Array(12) },
    release: () => released.push(`${camera}/${sequence}`),
  };
}

const nameOf = ({ value }: Envelope<Frame>): string => `${value.camera}/${value.sequence}`;

test('the newest frame of a camera wins, every drop is told, and its pixels go back', async () => {
  const dropped: string[] = [];
  const released: string[] = [];
  const frames = createNewestFrames({
    inFlight: 1,
    onDrop: ({ camera, sequence }) => dropped.push(`${camera}/${sequence}`),
  });
  for (let i = 0; i < 4; i += 1) frames.offer(frame('a', i, released));
  frames.offer(frame('b', 0, released));
  frames.end();
  frames.offer(frame('b', 1, released));
  const seen: string[] = [];
  for await (const record of frames.receiver) {
    seen.push(nameOf(record));
    record.ack();
  }
  assert.deepEqual(seen, ['a/3', 'b/0']);
  assert.deepEqual(dropped, ['a/0', 'a/1', 'a/2', 'b/1']);
  assert.deepEqual(released, dropped);
});

test('a camera whose frames are worked on holds up no other', async () => {
  const frames = createNewestFrames({ inFlight: 1, onDrop: () => undefined });
  const reader = frames.receiver[Symbol.asyncIterator]();
  const next = async (): Promise<Envelope<Frame>> => (await reader.next()).value as Envelope<Frame>;
  frames.offer(frame('slow', 0));
  const slow = await next();
  frames.offer(frame('slow', 1));
  for (let i = 0; i < 5; i += 1) {
    frames.offer(frame('quick', i));
    const quick = await next();
    assert.equal(nameOf(quick), `quick/${i}`);
    quick.ack();
  }
  const later = next();
  slow.ack();
  assert.equal(nameOf(await later), 'slow/1');
});

test('what waits of a camera that is gone is dropped', async () => {
  const dropped: number[] = [];
  const frames = createNewestFrames({ inFlight: 1, onDrop: ({ sequence }) => dropped.push(sequence) });
  frames.offer(frame('a', 7));
  frames.forget('a');
  frames.end();
  const seen: string[] = [];
  for await (const record of frames.receiver) seen.push(nameOf(record));
  assert.deepEqual(seen, []);
  assert.deepEqual(dropped, [7]);
});

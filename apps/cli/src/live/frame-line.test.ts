import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Envelope, Frame } from '@deadpan/shared';

import { createFrameLine } from './frame-line.js';

const frame = (camera: string, sequence: number): Frame => ({
  ...{ camera, epoch: 0, sequence, timeUs: sequence, width: 2, height: 2 },
  image: { width: 2, height: 2, data: new Uint8Array(12) },
  release: () => undefined,
});

/** A camera that always has a newer frame, and remembers how many were asked for. */
function endlessCamera(name: string): { frames: AsyncIterable<Frame>; asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    frames: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          asked += 1;
          // A turn of the event loop, as between two frames of a camera.
          yield await new Promise<Frame>((resolve) =>
            setImmediate(() => {
              resolve(frame(name, asked));
            }),
          );
        }
      },
    },
  };
}

test('a camera whose frames are worked on is asked for no more, and holds up no other', async () => {
  const line = createFrameLine(4);
  const [slow, quick] = [endlessCamera('slow'), endlessCamera('quick')];
  void line.join('slow', slow.frames);
  void line.join('quick', quick.frames);
  const held: Envelope<Frame>[] = [];
  let seen = 0;
  for await (const record of line.receiver) {
    if (record.key === 'slow') held.push(record);
    else {
      record.ack();
      seen += 1;
    }
    if (seen === 50) break;
  }
  assert.equal(held.length, 2);
  assert.equal(slow.asked(), 2);
  held[0]?.ack();
  for await (const record of line.receiver) {
    if (record.key === 'slow') break;
    record.ack();
  }
  assert.equal(slow.asked(), 3);
});

test('a camera alone has more frames under way', async () => {
  const line = createFrameLine(4);
  const camera = endlessCamera('only');
  void line.join('only', camera.frames);
  let seen = 0;
  for await (const record of line.receiver) {
    assert.equal(record.key, 'only');
    seen += 1;
    if (seen === 3) break;
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(camera.asked(), 3);
});

test('cameras that end leave the line when their last frame is done with, and the line ends after them', async () => {
  const line = createFrameLine(4);
  async function* two(): AsyncGenerator<Frame> {
    yield await Promise.resolve(frame('a', 0));
    yield await Promise.resolve(frame('a', 1));
  }
  const said: (string | number)[] = [];
  const ended = line.join('a', two()).then(() => {
    said.push('left');
    return line.end();
  });
  const held: Envelope<Frame>[] = [];
  for await (const record of line.receiver) {
    said.push(record.value.sequence);
    held.push(record);
    if (held.length < 2) continue;
    await new Promise((resolve) => setImmediate(resolve));
    for (const one of held) one.ack();
  }
  await ended;
  assert.deepEqual(said, [0, 1, 'left']);
});

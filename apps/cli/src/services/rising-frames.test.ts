import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMemoryLink, createTally, envelope, type Frame } from '@deadpan/shared';

import { risingFrames } from './rising-frames.js';

test('frames that were seen are acked, released and counted; a new epoch begins anew', async () => {
  const link = createMemoryLink<Frame>({ name: 'frames', capacity: 100, whenFull: 'block' });
  const acked: string[] = [];
  const released: string[] = [];
  const send = (camera: string, epoch: number, sequence: number): Promise<void> => {
    const name = `${camera}${epoch}.${sequence}`;
    const value: Frame = {
      ...{ camera, epoch, sequence, timeUs: sequence, width: 1, height: 1 },
      image: { width: 1, height: 1, data: new Uint8Array(3) },
      release: () => void released.push(name),
    };
    return link.sender.send(
      envelope({ key: camera, timeUs: sequence, value, onAck: () => acked.push(name) }),
    );
  };
  for (const sequence of [0, 1, 2, 0, 1, 2, 3]) await send('a', 0, sequence);
  await send('b', 0, 1);
  await send('a', 1, 0);
  await send('a', 0, 9);
  const tally = createTally();
  const ended = link.sender.end();
  const seen: string[] = [];
  for await (const { value } of risingFrames(link.receiver, tally))
    seen.push(`${value.camera}${value.epoch}.${value.sequence}`);
  await ended;
  assert.deepEqual(seen, ['a0.0', 'a0.1', 'a0.2', 'a0.3', 'b0.1', 'a1.0']);
  assert.deepEqual(acked, ['a0.0', 'a0.1', 'a0.2', 'a0.9']);
  assert.deepEqual(released, acked);
  assert.deepEqual(tally.stages.get('align')?.dropped, { repeat: 4 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeadpanError, type CameraStatus } from '@deadpan/shared';

import { createCameraDesk, type CameraDesk } from './camera-desk.js';

interface Diary {
  readonly desk: CameraDesk;
  readonly entries: string[];
}

function deskWithDiary(): Diary {
  const entries: string[] = [];
  const desk = createCameraDesk({
    open: ({ name, fps }, onStatus) => {
      entries.push(`open ${name} ${fps}`);
      const status = (): CameraStatus => ({
        ...{ camera: name, state: 'removed', timeUs: 1, epoch: 7, fpsIn: 1, fpsAnalysed: 1, fpsDropped: 0 },
        ...{ latencyMs: null, stalls: 2, reconnects: 3, lastError: null },
      });
      return {
        status,
        remove: async () => {
          // Stopping takes a turn of the event loop, as a child process does.
          await new Promise((resolve) => setImmediate(resolve));
          entries.push(`stop ${name}`);
          onStatus(status());
        },
      };
    },
    show: (address) => {
      if (!address.startsWith('rtsp:')) throw new DeadpanError('E_USAGE', 'This is no address.');
      return address.replace(/\/\/.*@/, '//***@');
    },
    probe: () => Promise.reject(new Error('not asked')),
    onStatus: ({ camera, state, stalls }) => entries.push(`${state} ${camera} ${stalls}`),
    onGone: (camera) => entries.push(`gone ${camera}`),
  });
  return { desk, entries };
}

const spec = (name: string, change: object = {}) => ({
  ...{ name, address: `rtsp://u:p@${name}/live`, fps: 5, paused: false },
  ...change,
});

test('a camera that is edited starts anew; a paused one rests; a removed one is gone', async () => {
  const { desk, entries } = deskWithDiary();
  assert.equal(
    (await desk.add({ id: 'a', address: 'rtsp://u:p@a/live', fps: 5, paused: false })).address,
    'rtsp://***@a/live',
  );
  await assert.rejects(desk.add({ id: 'a', address: 'rtsp://a', fps: 5, paused: false }), {
    code: 'E_CONFLICT',
  });
  await desk.update('a', { fps: 5 });
  await desk.update('a', { fps: 2 });
  await desk.update('a', { paused: true });
  await desk.update('a', { paused: false });
  await desk.remove('a');
  await assert.rejects(desk.remove('a'), { code: 'E_NOT_FOUND' });
  assert.deepEqual(entries, [
    ...[
      'open a 5',
      'stop a',
      'open a 2',
      'stop a',
      'paused a 2',
      'open a 2',
      'stop a',
      'gone a',
      'removed a 2',
    ],
  ]);
});

test('a configuration that is read again touches only what it changed', async () => {
  const { desk, entries } = deskWithDiary();
  await desk.apply([spec('a'), spec('b'), spec('c')]);
  await desk.add({ id: 'e', address: 'rtsp://e/live', fps: 5, paused: false });
  await desk.update('a', { fps: 3 });
  entries.length = 0;
  await desk.apply([spec('a'), spec('b', { fps: 1 }), spec('d')]);
  assert.deepEqual(entries.sort(), ['gone c', 'open b 1', 'open d 5', 'removed c 2', 'stop b', 'stop c']);
  assert.deepEqual(
    desk.list().map(({ id }) => id),
    ['a', 'b', 'e', 'd'],
  );
  await desk.close();
});

test('a configuration with an address that cannot be one touches no camera', async () => {
  const { desk, entries } = deskWithDiary();
  await desk.apply([spec('a'), spec('b'), spec('c')]);
  entries.length = 0;
  const changed = [spec('a', { fps: 1 }), spec('b', { address: 'ftp://b' }), spec('d')];
  for (let again = 0; again < 2; again++) await assert.rejects(desk.apply(changed), { code: 'E_USAGE' });
  assert.deepEqual(entries, []);
  assert.deepEqual(
    desk.list().map(({ id, fps }) => [id, fps]),
    [
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ],
  );
  await desk.close();
});

test('a camera that is removed while it starts anew does not come back', async () => {
  const { desk, entries } = deskWithDiary();
  await desk.apply([spec('a')]);
  await Promise.all([desk.update('a', { fps: 1 }), desk.remove('a')]);
  assert.deepEqual(entries, ['open a 5', 'stop a', 'gone a', 'removed a 2']);
});

const camera = (id: string, change: object = {}) => ({
  ...{ id, address: `rtsp://u:p@${id}/live`, fps: 5, paused: false },
  ...change,
});

test('a camera that is added while one of its name still stops begins when that one is gone, and nothing is said of it later', async () => {
  const { desk, entries } = deskWithDiary();
  await desk.add(camera('a'));
  await Promise.all([desk.remove('a'), desk.add(camera('a', { fps: 2 })), desk.add(camera('b'))]);
  assert.deepEqual(entries, ['open a 5', 'open b 5', 'stop a', 'gone a', 'removed a 2', 'open a 2']);
  assert.deepEqual(
    desk.list().map(({ id, fps }) => [id, fps]),
    [
      ['a', 2],
      ['b', 5],
    ],
  );
  entries.length = 0;
  // Removed again before its turn has come, and added a third time.
  const removed = [desk.remove('a'), desk.add(camera('a', { fps: 3 })), desk.remove('a')];
  await Promise.all([...removed, desk.add(camera('a', { fps: 4, paused: true }))]);
  assert.deepEqual(entries, ['stop a', 'gone a', 'removed a 2', 'gone a', 'removed a 0', 'paused a 0']);
  await desk.close();
});

test('once they are being stopped no camera begins any more, and all that had begun have stopped at the end', async () => {
  const { desk, entries } = deskWithDiary();
  await desk.apply([spec('a'), spec('b'), spec('c')]);
  const changes = [desk.remove('a'), desk.add(camera('a', { fps: 1 })), desk.update('b', { fps: 2 })];
  const closed = desk.close();
  for (const refused of [
    desk.add(camera('d')),
    desk.update('c', { fps: 2 }),
    desk.apply([spec('c', { fps: 3 })]),
  ]) {
    await assert.rejects(refused, { code: 'E_NOT_READY' });
  }
  await closed;
  const opened = ['open a 5', 'open b 5', 'open c 5'];
  assert.deepEqual(
    entries.filter((entry) => entry.startsWith('open')),
    opened,
  );
  assert.deepEqual(entries.filter((entry) => entry.startsWith('stop')).sort(), [
    'stop a',
    'stop b',
    'stop c',
  ]);
  assert.ok(entries.includes('removed a 2'));
  await Promise.all(changes);
  assert.equal(entries.filter((entry) => entry.startsWith('open')).length, opened.length);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hideCredentials } from './hide-credentials.js';

test('nothing of a user, a password or a secret parameter is left', () => {
  for (const [address, shown] of [
    ['rtsp://u:p@host/live', 'rtsp://***@host/live'],
    ['rtsp://u:p@ss@host:554/live', 'rtsp://***@host:554/live'],
    ['rtsp://host/live?channel=1&password=geheim&x=2', 'rtsp://host/live?channel=1&password=***&x=2'],
    ['http://host/mjpeg?user=a&pwd=b', 'http://host/mjpeg?user=***&pwd=***'],
    ['rtsp://host/a@b', 'rtsp://host/a@b'],
    ['/dev/video0', '/dev/video0'],
  ] as const) {
    assert.equal(hideCredentials(address), shown);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraAddress } from './camera-address.js';
import { createRedactor } from './redact.js';

test('hides a secret as it is and as it stands in an address', () => {
  const redact = createRedactor(['p@ss w/rd']);
  assert.equal(redact('said p@ss w/rd and p%40ss%20w%2Frd'), 'said *** and ***');
});

test('hides what looks like credentials although nobody told it', () => {
  const redact = createRedactor([]);
  assert.equal(redact('[error] rtsp://bob:s3cret@cam/1: refused'), '[error] rtsp://***@cam/1: refused');
  assert.equal(redact('http://cam/v?user=bob&password=s3cret&x=1'), 'http://cam/v?user=***&password=***&x=1');
  assert.equal(redact('rtsp://cam/a@b stays'), 'rtsp://cam/a@b stays');
});

test('an address is shown without its credentials and hides them in any text', () => {
  const address = cameraAddress('rtsp://bob:s3cr%40t@10.0.0.7:8554/door?password=s3cr@t');
  assert.equal(address.shown, 'rtsp://10.0.0.7:8554/door?password=***');
  assert.deepEqual(address.host, { name: '10.0.0.7', port: 8554 });
  assert.equal(address.redact('ffmpeg: s3cr@t is not s3cr%40t'), 'ffmpeg: *** is not ***');
  assert.deepEqual(cameraAddress('rtsp://[::1]/a').host, { name: '::1', port: 554 });
  assert.equal(cameraAddress('/dev/video0').kind, 'device');
  assert.equal(cameraAddress('clip.mp4').kind, 'file');
});

test('an address of another kind is refused without being repeated', () => {
  for (const text of ['ftp://bob:s3cret@cam/', 'rtsp://bob:s3cret@cam:99999/', 'rtsp:///nowhere']) {
    assert.throws(
      () => cameraAddress(text),
      (error) => error instanceof Error && !`${error.message} ${String(error.cause)}`.includes('s3cret'),
    );
  }
});

test('an address cannot smuggle lines into what ffmpeg reads', () => {
  const address = cameraAddress("rtsp://cam/a'\nfile '/etc/passwd");
  assert.ok(!address.location.includes('\n'));
});

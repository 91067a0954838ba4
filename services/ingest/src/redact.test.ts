import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { cameraAddress } from './camera-address.js';
import { cameraAnswer } from './camera-answer.js';
import { createRedactor } from './redact.js';

test('hides a secret as it is and as it stands in an address', () => {
  const redact = createRedactor(['p@ss w/rd']);
  assert.equal(redact('said p@ss w/rd and p%40ss%20w%2Frd'), 'said *** and ***');
});

test('hides what looks like credentials although nobody told it', () => {
  const redact = createRedactor([]);
  assert.equal(redact('[error] rtsp://bob:s3cret@cam/1: refused'), '[error] rtsp://***@cam/1: refused');
  assert.equal(
    redact('http://cam/v?user=bob&password=s3cret&x=1'),
    'http://cam/v?user=***&password=***&x=***',
  );
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

test('passwords that cameras have in their addresses are shown to nobody', () => {
  const shown = {
    'rtsp://10.0.0.7/user=admin_password=XXX_channel=1_stream=0.sdp': 'rtsp://10.0.0.7/user=***',
    'rtsp://10.0.0.7/live/PWD=X_X/X&channel=1?a=XXX': 'rtsp://10.0.0.7/live/PWD=***?a=***',
    'rtsp://10.0.0.7/u=admin&p=XXX': 'rtsp://10.0.0.7/u=***',
    'http://10.0.0.7/v.cgi?loginuse=admin&loginpas=XXX': 'http://10.0.0.7/v.cgi?loginuse=***&loginpas=***',
    'rtsp://10.0.0.7/?u=admin&p=XXX': 'rtsp://10.0.0.7/?u=***&p=***',
    'https://cam/v?apikey=XXX&access_token=XXX': 'https://cam/v?apikey=***&access_token=***',
    "rtsp://cam/v?admin&p=X'X=X?X&X#X": 'rtsp://cam/v?***&p=***&***#***',
    'http://cam/v?x=X?X&p=X:X': 'http://cam/v?x=***&p=***',
    'rtsp://cam:8554/h264/main': 'rtsp://cam:8554/h264/main',
    'rtsp://cam': 'rtsp://cam',
  };
  const unknown = createRedactor([]);
  for (const [text, wanted] of Object.entries(shown)) {
    const address = cameraAddress(text);
    assert.equal(address.shown, wanted);
    for (const said of [
      address.location,
      `from '${address.location}':`,
      `[rtsp] ${address.location}: refused`,
    ]) {
      assert.equal(address.redact(said), said.replace(address.location, wanted));
      // Somebody else's words, as of an address that a camera passes on to.
      if (!text.includes("'")) assert.doesNotMatch(unknown(said), /X|admin(?!&)/);
    }
    assert.equal(address.redact('Stream #0:0: what was said?'), 'Stream #0:0: what was said?');
  }
});

test('whatever the value of a query, or of a password in a path, neither the address nor what is said shows it', () => {
  const schemes = fc.constantFrom('rtsp', 'rtsps', 'http', 'https');
  // What is encoded is encoded in the address that ffmpeg has, too; the two letters are to be found again.
  const value = fc.string({ unit: 'grapheme' }).map((text) => `QX${text}XQ`);
  const names = fc.constantFrom(
    'u',
    'p',
    'user',
    'password',
    'passwd',
    'pwd',
    'token',
    'auth_key',
    'x',
    'loginpas',
  );
  const pathNames = fc.constantFrom('user', 'password', 'PASS', 'pwd', 'token', 'apikey', 'p', 'auth');
  const query = fc.array(fc.tuple(names, value), { maxLength: 4 });
  fc.assert(
    fc.property(
      schemes,
      fc.option(fc.tuple(pathNames, value)),
      query,
      fc.boolean(),
      (scheme, path, pairs, encoded) => {
        const write = encoded ? encodeURIComponent : (text: string) => text;
        const stream = path === null ? 'main' : `${path[0]}=${write(path[1])}`;
        const text = `${scheme}://cam:99/live/${stream}?${pairs.map(([name, one]) => `${name}=${write(one)}`).join('&')}`;
        const address = cameraAddress(text);
        const said = `[${scheme} @ 0x1] Opening '${address.location}' for reading, ${new URL(address.location).search}: refused`;
        for (const told of [address.shown, address.redact(said)]) {
          assert.doesNotMatch(told, /QX|XQ/);
          assert.match(told, /:\/\/cam(:99)?\/live\//);
        }
      },
    ),
  );
});

test('a camera that is asked whether it is back is asked for its stream, and not for the name that people see', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const place = `127.0.0.1:${port}/user=admin_password=XXX.sdp?channel=1`;
  const asked = once(server, 'connection').then(async (arrived) => {
    const [socket] = arrived as [Socket];
    const [request] = (await once(socket, 'data')) as [Buffer];
    socket.end('RTSP/1.0 404 Not Found\r\n\r\n');
    return request.toString().split('\r\n')[0];
  });
  assert.equal(await cameraAnswer(cameraAddress(`rtsp://bob:s3cret@${place}`)), 'RTSP/1.0 404 Not Found');
  assert.equal(await asked, `DESCRIBE rtsp://${place} RTSP/1.0`);
  server.close();
});

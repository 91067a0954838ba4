import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { createServer as createWebServer, type RequestListener } from 'node:http';
import { createServer as createSecureWebServer } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createSecureServer } from 'node:tls';
import { after, afterEach, describe, test } from 'node:test';
import type { CameraState, CameraStatus } from '@deadpan/shared';
import { cameraAddress } from './camera-address.js';
import { cameraAnswer } from './camera-answer.js';
import { createCamera, type Camera, type CameraDropReason, type CameraOptions } from './camera.js';
import { findFfmpeg } from './ffmpeg.js';
import {
  freePort,
  rtspServerBinary,
  startMeddler,
  startPublisher,
  startRtspServer,
  type TestProcess,
} from './sample-camera.js';
import { childPids, createSampleMedia, H264, pattern, testedFfmpegs } from './sample-media.js';

const ffmpeg = await findFfmpeg();
const binaries = await testedFfmpegs();
const binary = rtspServerBinary();
const media = createSampleMedia(ffmpeg);
after(() => {
  media.remove();
});
const clip = media.make('clip.mp4', ...pattern('320x180', 4), ...H264, '-bf', '0');
const wide = media.make('wide.mp4', ...pattern('640x360', 4), ...H264, '-bf', '0');

/** Short, so that a fault and its end fit into seconds. */
const TIMING = {
  firstFrameMs: 6_000,
  stallMs: 1_000,
  socketMs: 2_000,
  retryFirstMs: 200,
  retryLongestMs: 2_000,
  refusedMs: 1_000,
  answerEveryMs: 200,
  staleMs: 5_000,
  statusEveryMs: 200,
};
/** The camera is back: frames must flow again within this time. */
const BACK_MS = 5_000;

interface Seen {
  readonly epoch: number;
  readonly sequence: number;
  readonly timeUs: number;
  readonly size: string;
  readonly atMs: number;
}

interface Watched {
  readonly camera: Camera;
  readonly frames: Seen[];
  readonly states: CameraState[];
  readonly statuses: CameraStatus[];
  readonly lines: string[];
  /** Resolves at the first frame or status for which this holds; fails after `ms`. */
  until(what: string, holds: () => boolean, ms: number): Promise<void>;
}

const cameras: Camera[] = [];
const processes: TestProcess[] = [];
afterEach(async () => {
  await Promise.all(cameras.splice(0).map((camera) => camera.remove()));
  await Promise.all(processes.splice(0).map((process) => process.kill()));
  assert.deepEqual(childPids(), [], 'no process is left');
});
const keep = <T extends TestProcess>(process: T): T => {
  processes.push(process);
  return process;
};

function watch(options: Partial<CameraOptions> & Pick<CameraOptions, 'address'>): Watched {
  const events = new EventEmitter();
  const frames: Seen[] = [];
  const states: CameraState[] = [];
  const statuses: CameraStatus[] = [];
  const lines: string[] = [];
  const camera = createCamera({
    name: 'door',
    ffmpeg,
    fps: 10,
    firstEpoch: 0,
    ...options,
    timing: { ...TIMING, ...options.timing },
    onStatus(status) {
      if (states.at(-1) !== status.state) states.push(status.state);
      statuses.push(status);
      events.emit('news');
    },
    log: (_, line) => lines.push(line),
  });
  cameras.push(camera);
  void (async () => {
    for await (const frame of camera.frames) {
      const { epoch, sequence, timeUs, width, height } = frame;
      frames.push({ epoch, sequence, timeUs, size: `${width}x${height}`, atMs: Date.now() });
      frame.release();
      events.emit('news');
    }
  })();
  return {
    camera,
    frames,
    states,
    statuses,
    lines,
    async until(what, holds, ms) {
      if (holds()) return;
      try {
        const signal = AbortSignal.timeout(ms);
        while (!holds()) await once(events, 'news', { signal });
      } catch {
        assert.fail(
          `${what}: not within ${ms} ms; states ${states.join(', ')}; ${camera.status().lastError ?? ''}; ${lines.join(' | ')}`,
        );
      }
    },
  };
}

const flowing = async (watched: Watched, ms: number): Promise<void> => {
  const before = watched.frames.length;
  await watched.until('frames flow', () => watched.frames.length >= before + 3, ms);
};

test('a camera that is added again within the second has frames of other names', async () => {
  const lives: Watched[] = [];
  for (let i = 0; i < 3; i += 1) {
    const life = watch({ name: 'again', address: clip, firstEpoch: undefined });
    lives.push(life);
    await life.until('a frame', () => life.frames.length > 0, 10_000);
    await life.camera.remove();
  }
  const epochs = lives.map(({ frames }) => frames.at(-1)?.epoch ?? NaN);
  assert.ok(
    epochs.every((epoch, i) => i === 0 || epoch > (epochs[i - 1] ?? NaN)),
    epochs.join(),
  );
});

describe('a camera on a real RTSP server', { skip: binary === null ? 'Go is not installed' : false }, () => {
  const server = async (
    port: number,
    credentials?: { user: string; password: string },
  ): Promise<TestProcess> => keep(await startRtspServer(binary ?? '', port, credentials));
  const publish = async (port: number, file = clip, path = 'door'): Promise<TestProcess> =>
    keep(await startPublisher(ffmpeg, file, `rtsp://127.0.0.1:${port}/${path}`));

  for (const tested of binaries) {
    test(`gives frames with wall-clock times, and nobody sees the password, ffmpeg ${tested.version}`, async () => {
      const port = await freePort();
      await server(port, { user: 'bob', password: 's3cr@t' });
      await publish(port);
      const watched = watch({
        ffmpeg: tested,
        fps: 5,
        address: `rtsp://bob:s3cr%40t@127.0.0.1:${port}/door`,
      });
      await watched.until('twenty frames', () => watched.frames.length >= 20, 20_000);
      const { frames, camera, statuses } = watched;
      assert.deepEqual(
        [frames[0]?.size, frames[0]?.epoch, frames[0]?.sequence],
        ['320x180', 0, 0],
        watched.lines.join(),
      );
      frames.forEach((frame, i) => {
        const age = frame.atMs - frame.timeUs / 1000;
        assert.ok(age > -50 && age < 1500, `frame ${i} is ${age} ms old`);
        const before = frames[i - 1];
        if (before === undefined) return;
        assert.ok(frame.timeUs > before.timeUs);
        assert.equal(frame.sequence, before.sequence + 1);
      });
      // The stream's own times make steady steps of what arrives unsteadily.
      const steps = frames.slice(8).map((frame, i) => frame.timeUs - (frames[i + 7]?.timeUs ?? 0));
      steps.forEach((step) => {
        assert.ok(Math.abs(step - 200_000) < 25_000, `steps ${steps.join(', ')}`);
      });
      const last = statuses.at(-1);
      assert.ok(
        last !== undefined && last.fpsIn > 18 && last.fpsIn < 35,
        `${last?.fpsIn} frames a second arrive`,
      );
      assert.ok(last.fpsAnalysed > 3.5 && last.fpsAnalysed < 7, `${last.fpsAnalysed} are handed out`);

      if (tested.concatOptions) {
        const [pid = 0] = childPids().filter((child) =>
          readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('nut'),
        );
        assert.ok(pid > 0);
        assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /s3cr|bob/);
      }
      const told = JSON.stringify([camera.address, statuses, watched.lines]);
      assert.doesNotMatch(told, /s3cr|bob/);
    });
  }

  test('is back after the server was killed, in a new epoch, and says why it was away', async () => {
    const port = await freePort();
    const first = await server(port);
    await publish(port);
    const watched = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(watched, 15_000);
    await first.kill();
    await watched.until('waiting', () => watched.camera.status().state === 'waiting', 10_000);
    await watched.until(
      'a refused connection',
      () => /refused/.test(watched.camera.status().lastError ?? ''),
      10_000,
    );
    await server(port);
    await publish(port);
    await flowing(watched, BACK_MS);
    const epochs = watched.frames.map((frame) => frame.epoch);
    assert.ok((epochs.at(-1) ?? 0) > 0);
    assert.deepEqual(
      epochs,
      [...epochs].sort((a, b) => a - b),
    );
    assert.equal(watched.camera.status().reconnects, 1);
    assert.deepEqual(watched.states.slice(0, 3), ['connecting', 'streaming', 'waiting']);
  });

  test('notices a frozen server by its frames, and is back when it thaws', async () => {
    const port = await freePort();
    const frozen = await server(port);
    await publish(port);
    const watched = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(watched, 15_000);
    frozen.child.kill('SIGSTOP');
    await watched.until('stalled', () => watched.states.includes('stalled'), TIMING.stallMs + 2_000);
    await watched.until(
      'a second try',
      () => watched.states.filter((state) => state === 'connecting').length > 1,
      5_000,
    );
    frozen.child.kill('SIGCONT');
    await flowing(watched, BACK_MS);
    assert.equal(watched.camera.status().stalls, 1);
  });

  test('outlives the end of the stream, and follows one of another size', async () => {
    const port = await freePort();
    await server(port);
    const first = await publish(port);
    const watched = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(watched, 15_000);
    await first.kill();
    await watched.until(
      'no stream',
      () => /no stream at this address/.test(watched.camera.status().lastError ?? ''),
      10_000,
    );
    await publish(port, wide);
    await flowing(watched, BACK_MS);
    assert.equal(watched.frames.at(-1)?.size, '640x360');
    // A camera that is set to another size in the middle.
    await publish(port, clip);
    await watched.until('the other size', () => watched.frames.at(-1)?.size === '320x180', 10_000);
    for (const frame of watched.frames) assert.match(frame.size, /^(320x180|640x360)$/);
  });

  test('follows a camera that is set to another codec in the middle', async () => {
    const hevc = media.make(
      'hevc.mp4',
      ...pattern('320x180', 4),
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:keyint=25:bframes=0'],
      ...['-pix_fmt', 'yuv420p'],
    );
    const port = await freePort();
    await server(port);
    await publish(port);
    const watched = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(watched, 15_000);
    for (const file of [hevc, clip]) {
      const { epoch } = watched.camera.status();
      await publish(port, file);
      await watched.until('read anew', () => (watched.frames.at(-1)?.epoch ?? 0) > epoch, 10_000);
      await flowing(watched, BACK_MS);
    }
    assert.ok(!watched.states.includes('failed'), watched.lines.join());
  });

  test('outlives bytes without meaning and a clock that steps back', async () => {
    const port = await freePort();
    await server(port);
    await publish(port);
    const meddler = await startMeddler(port);
    const watched = watch({ address: `rtsp://127.0.0.1:${meddler.port}/door` });
    await flowing(watched, 15_000);
    meddler.garble();
    await flowing(watched, 15_000);
    const { epoch } = watched.camera.status();
    meddler.setBack(100);
    await watched.until('a new epoch', () => watched.camera.status().epoch > epoch, 10_000);
    assert.match(watched.camera.status().lastError ?? '', /clock jumped back by (99|100)\.\d s/);
    await flowing(watched, BACK_MS);
    const times = watched.frames.map((frame) => frame.timeUs);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
      'event time never goes back',
    );
    assert.ok(
      Math.abs(Date.now() - (times.at(-1) ?? 0) / 1000) < 2_000,
      'event time is still the wall clock',
    );
    await meddler.close();
  });

  test('gives up for a while on a wrong password', async () => {
    const port = await freePort();
    await server(port, { user: 'bob', password: 'right' });
    await publish(port);
    const watched = watch({ address: `rtsp://bob:wr0ngpass@127.0.0.1:${port}/door` });
    await watched.until('failed', () => watched.states.includes('failed'), 10_000);
    assert.equal(watched.camera.status().lastError, 'It refuses the name or the password.');
    await watched.until(
      'another try',
      () => watched.states.filter((state) => state === 'failed').length > 1,
      10_000,
    );
    assert.doesNotMatch(JSON.stringify([watched.statuses, watched.lines]), /wr0ngpass/);
    assert.equal(watched.lines.length, 1, 'the same reason is not repeated within a minute');
  });

  test('says that a codec is not read, also where ffmpeg would go on looking', async () => {
    const port = await freePort();
    await server(port);
    const film = media.make('film.mp4', ...pattern('320x180', 4), '-c:v', 'mpeg4');
    await publish(port, film);
    const address = `rtsp://127.0.0.1:${port}/door`;
    const watched = watch({ address, timing: { firstFrameMs: 3_000 } });
    await watched.until('failed', () => watched.states.includes('failed'), 15_000);
    assert.equal(watched.camera.status().lastError, 'Its video is in a codec that is not read here.');
    assert.deepEqual(watched.frames, []);
  });

  test('is not disturbed by cameras that do not exist, do not resolve, or speak nonsense', async () => {
    const port = await freePort();
    await server(port);
    await publish(port);
    const nonsense = createServer((socket) => {
      socket.on('error', () => undefined).end(Buffer.alloc(4096, 0xa5));
    }).listen(0, '127.0.0.1');
    await once(nonsense, 'listening');
    nonsense.unref();
    const good = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(good, 15_000);
    const bad = [
      { address: 'rtsp://no-such-host.invalid/door', says: /cannot be resolved/ },
      { address: `rtsp://127.0.0.1:${await freePort()}/door`, says: /connection refused/ },
      { address: `rtsp://127.0.0.1:${port}/nowhere`, says: /no stream at this address/ },
      {
        address: `rtsp://127.0.0.1:${(nonsense.address() as AddressInfo).port}/door`,
        says: /cannot be read/,
      },
    ].map(({ address, says }) => ({ says, watched: watch({ address }) }));
    for (const { says, watched } of bad) {
      await watched.until(String(says), () => says.test(watched.camera.status().lastError ?? ''), 15_000);
      assert.deepEqual(watched.frames, []);
    }
    await flowing(good, BACK_MS);
    assert.deepEqual(good.states, ['connecting', 'streaming']);
    nonsense.close();
  });

  test('leaves no zombie and no descriptor behind when ffmpeg is killed again and again', async () => {
    const port = await freePort();
    await server(port);
    await publish(port);
    const others = new Set(childPids());
    const watched = watch({
      address: `rtsp://127.0.0.1:${port}/door`,
      timing: { retryFirstMs: 20, retryLongestMs: 20 },
    });
    await flowing(watched, 15_000);
    const descriptors = readdirSync('/proc/self/fd').length;
    for (let kill = 1; kill <= 12; kill++) {
      const own = childPids().filter((pid) => !others.has(pid));
      assert.equal(own.length, 1);
      own.forEach((pid) => process.kill(pid, 'SIGKILL'));
      await watched.until(
        `frames of connection ${kill}`,
        () => (watched.frames.at(-1)?.epoch ?? 0) >= kill,
        BACK_MS,
      );
    }
    assert.match(watched.camera.status().lastError ?? '', /ffmpeg, was killed/);
    assert.ok(readdirSync('/proc/self/fd').length <= descriptors + 2, 'descriptors');
  });

  test('after 200 connections that were cut off nothing is left of them, and the camera is there when it is back', async () => {
    const port = await freePort();
    const others = childPids().length;
    let cut = 0;
    const cutter = createServer((socket) => {
      cut += 1;
      socket.on('error', () => undefined).destroy();
    }).listen(port, '127.0.0.1');
    await once(cutter, 'listening');
    // So that a failure ends the tests instead of keeping them.
    cutter.unref();
    const descriptors = readdirSync('/proc/self/fd').length;
    const watched = Array.from({ length: 4 }, (_, i) =>
      watch({
        address: `rtsp://127.0.0.1:${port}/door`,
        name: `door ${i}`,
        timing: { retryFirstMs: 1, retryLongestMs: 1, answerEveryMs: 1 },
      }),
    );
    const tries = (): number => watched.reduce((sum, { camera }) => sum + camera.status().epoch, 0);
    for (const one of watched) await one.until('its share of 200 tries', () => tries() >= 200, 120_000);
    assert.ok(cut >= 200);
    assert.ok(childPids().length - others <= watched.length, 'one ffmpeg a camera');
    cutter.close();
    await once(cutter, 'close');

    const first = await server(port);
    await publish(port);
    await Promise.all(watched.map((one) => flowing(one, BACK_MS)));
    await first.kill();
    for (const one of watched) await one.until('away', () => one.camera.status().state === 'waiting', 10_000);
    await server(port);
    await publish(port);
    await Promise.all(watched.map((one) => flowing(one, BACK_MS)));
    await Promise.all(watched.map(({ camera }) => camera.remove()));
    await Promise.all(processes.splice(0).map((process) => process.kill()));
    assert.equal(childPids().length, others);
    const left = readdirSync('/proc/self/fd').length - descriptors;
    // The cutter's own socket, open when they were first counted, is closed.
    assert.ok(left <= 0, `${left} descriptors are left`);
  });

  test('pauses, resumes, and is removed', async () => {
    const port = await freePort();
    await server(port);
    await publish(port);
    const others = childPids().length;
    const watched = watch({ address: `rtsp://127.0.0.1:${port}/door` });
    await flowing(watched, 15_000);
    await watched.camera.pause();
    assert.equal(childPids().length, others);
    await watched.until('paused', () => watched.camera.status().state === 'paused', 1_000);
    watched.camera.resume();
    await flowing(watched, BACK_MS);
    await watched.camera.remove();
    assert.equal(watched.camera.status().state, 'removed');
    assert.equal(childPids().length, others);
    watched.camera.resume();
    assert.deepEqual(watched.states, [
      'connecting',
      'streaming',
      'paused',
      'connecting',
      'streaming',
      'removed',
    ]);
  });

  test('drops and counts what a slow consumer cannot take; the newest frame wins', async () => {
    const port = await freePort();
    await server(port);
    await publish(port);
    const drops: CameraDropReason[] = [];
    const camera = createCamera({
      name: 'slow',
      ffmpeg,
      address: `rtsp://127.0.0.1:${port}/door`,
      timing: TIMING,
      onDrop: (reason) => drops.push(reason),
    });
    cameras.push(camera);
    let taken = 0;
    let last = -1;
    for await (const frame of camera.frames) {
      const age = Date.now() - frame.timeUs / 1000;
      assert.ok(age < 1_500, `a frame of ${age} ms ago`);
      assert.ok(frame.sequence > last);
      last = frame.sequence;
      // Work that takes as long as a dozen frames need to arrive.
      const arrived = camera.counts.sampled;
      while (camera.counts.sampled < arrived + 12) await new Promise((resolve) => setImmediate(resolve));
      frame.release();
      if (++taken === 5) break;
    }
    await camera.remove();
    const { arrived, sampled, handedOut, dropped } = camera.counts;
    assert.equal(handedOut, 5);
    assert.ok(dropped.superseded >= 40, `${dropped.superseded} frames were dropped`);
    assert.equal(sampled, handedOut + dropped.superseded + dropped.stale + dropped.closed);
    assert.equal(arrived, sampled + dropped.unsampled);
    assert.equal(drops.length, arrived - handedOut);
  });
});

test('says what is wrong with what a web server sends instead of MJPEG', async () => {
  const web = createWebServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: 'https://127.0.0.1:1/video' });
    else response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' });
    response.end(request.url === '/moved' ? '' : '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\npart.ts\n');
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address() as AddressInfo;
  for (const [path, says] of [
    ['list.m3u8', 'It does not send MJPEG, which is all that is read over http.'],
    ['moved', 'It sends its readers on to an address of another kind, as from http to https.'],
  ] as const) {
    const watched = watch({ address: `http://127.0.0.1:${port}/${path}` });
    await watched.until(path, () => watched.states.includes('failed'), 15_000);
    assert.equal(watched.camera.status().lastError, says);
  }
  web.close();
});

/** A web camera that needs no password, and that has its stream once `isFilming` says so. */
function webCamera(isFilming: () => boolean): {
  readonly asked: EventEmitter;
  readonly answer: RequestListener;
} {
  const picture = readFileSync(media.make('picture.jpg', ...pattern('320x180', 1), '-frames:v', '1'));
  const asked = new EventEmitter();
  return {
    asked,
    answer(request, response) {
      asked.emit('asked', request.headers);
      if (!isFilming()) {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=picture' });
      const shutter = setInterval(() => {
        response.write(`--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`);
        response.write(picture);
        response.write('\r\n');
      }, 40);
      response.on('close', () => {
        clearInterval(shutter);
      });
    },
  };
}

for (const scheme of ['http', 'https'] as const) {
  test(`a camera over ${scheme} that answers all the time is back when its stream is`, async (t) => {
    // The longest wait there is.
    t.mock.method(Math, 'random', () => 0.999);
    let isFilming = false;
    const { asked, answer } = webCamera(() => isFilming);
    const web = scheme === 'http' ? createWebServer(answer) : createSecureWebServer(selfSigned(), answer);
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    t.after(() => {
      web.close().closeAllConnections();
    });
    const watched = watch({
      address: `${scheme}://bob:s3cret@127.0.0.1:${(web.address() as AddressInfo).port}/video`,
      timing: { retryFirstMs: 60_000, retryLongestMs: 60_000 },
    });
    await watched.until('waiting', () => watched.states.includes('waiting'), 15_000);
    for (let again = 0; again < 2; again += 1) {
      const [headers] = (await once(asked, 'asked', { signal: AbortSignal.timeout(BACK_MS) })) as [object];
      assert.ok(!('authorization' in headers), 'whoever asks does not log in');
    }
    isFilming = true;
    await flowing(watched, BACK_MS);
    assert.deepEqual(watched.states, ['connecting', 'waiting', 'connecting', 'streaming']);
  });
}

/** Key and certificate of a camera that signed its own. */
function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [media.path('camera.key'), media.path('camera.crt')];
  const subject = ['-days', '7', '-subj', '/CN=camera'];
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  execFileSync('openssl', ['req', ...made], { stdio: ['ignore', 'ignore', 'pipe'] });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

test('a camera over rtsps is asked for its stream as one over rtsp', async (t) => {
  const server = createSecureServer(selfSigned(), (socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (request: Buffer) => {
        socket.end(`RTSP/1.0 404 ${request.toString().split('\r\n')[0] ?? ''}\r\n\r\n`);
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}/door`;
  const answer = await cameraAnswer(cameraAddress(`rtsps://bob:s3cret@${place}`));
  assert.equal(answer, `RTSP/1.0 404 DESCRIBE rtsps://${place} RTSP/1.0`);
});

test('a file that is not there, like a device that is unplugged, is read when it is', async () => {
  const late = media.path('late.mp4');
  const watched = watch({ address: late, timing: { refusedMs: 60_000 } });
  await watched.until('failed', () => watched.states.includes('failed'), 15_000);
  assert.equal(watched.camera.status().lastError, 'Its file or device cannot be opened.');
  copyFileSync(clip, late);
  await flowing(watched, BACK_MS);
});

test('a file plays as a camera, at its own speed, again and again', async () => {
  const short = media.make('short.mp4', ...pattern('160x90', 1), ...H264);
  const watched = watch({ address: short, fps: 25 });
  await watched.until('more than the file holds', () => watched.frames.length > 40, 15_000);
  const [first, last] = [watched.frames[0], watched.frames.at(-1)];
  assert.ok(first && last && last.timeUs - first.timeUs > 1_000_000);
  assert.equal(last.epoch, 0);
});

test('a camera that comes when no descriptor is left waits, says why, and films when there are some again', async () => {
  // Node raises the limit as far as it may, so both are lowered, and for a process of its own.
  const shell = `ulimit -n 128; exec "$0" --input-type=module --eval "$1" "$2" "$3"`;
  const script = `
    import { openSync, closeSync } from 'node:fs';
    const [modules, clip] = process.argv.slice(1);
    const { createCamera } = await import(modules + '/camera.js');
    const { findFfmpeg } = await import(modules + '/ffmpeg.js');
    const ffmpeg = await findFfmpeg();
    const taken = [];
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch {}
    const told = [];
    let retried = 0;
    const camera = createCamera({
      name: 'door', address: clip, ffmpeg, fps: 10,
      timing: { retryFirstMs: 50, retryLongestMs: 50 },
      log: (_, line) => told.push(line),
      onStatus({ state, lastError }) {
        if (state !== 'waiting') return;
        told.push(lastError);
        retried += 1;
        if (retried === 2) taken.splice(0).forEach(closeSync);
      },
    });
    for await (const frame of camera.frames) {
      frame.release();
      break;
    }
    await camera.remove();
    console.log(JSON.stringify(told));
  `;
  const modules = new URL('.', import.meta.url).href;
  const child = spawn('sh', ['-c', shell, process.execPath, script, modules, clip], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [told, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.deepEqual(exit, [0, null]);
  const why = 'ffmpeg could not be started: too many files are open.';
  assert.deepEqual(JSON.parse(told), [
    `Camera door (${clip}): ${why}`,
    `F${why.slice(1)}`,
    `F${why.slice(1)}`,
    `Camera door: pictures come from ${clip}.`,
  ]);
});

test('a camera whose listener throws is given up, and the process goes on', async () => {
  const lines: string[] = [];
  const camera = createCamera({
    name: 'door',
    address: clip,
    ffmpeg,
    onStatus({ state }) {
      if (state === 'waiting') throw new Error('a full disk');
    },
    log: (_, line) => lines.push(line),
    timing: { firstFrameMs: 1, stallMs: 40 },
  });
  cameras.push(camera);
  for await (const frame of camera.frames) frame.release();
  assert.match(lines.at(-1) ?? '', /^Camera door .* is given up: a full disk$/);
});

test('event time follows the clock of this machine when it is set, in a new epoch', async (t) => {
  const real = Date.now;
  let setBy = 0;
  t.mock.method(Date, 'now', () => real() + setBy);
  const watched = watch({ address: clip });
  const isNow = (timeUs: number): boolean => Math.abs(timeUs / 1000 - Date.now()) < 2_000;
  await flowing(watched, 15_000);
  for (const step of [3_600_000, -7_200_000]) {
    setBy += step;
    await watched.until('frames of the new time', () => isNow(watched.frames.at(-1)?.timeUs ?? 0), BACK_MS);
    await flowing(watched, BACK_MS);
    assert.ok(isNow(watched.frames.at(-1)?.timeUs ?? 0));
    assert.ok(isNow(watched.camera.status().timeUs));
  }
  assert.deepEqual([...new Set(watched.frames.map(({ epoch }) => epoch))], [0, 1, 2]);
  watched.frames.forEach((frame, i) => {
    const before = watched.frames[i - 1];
    if (before?.epoch === frame.epoch) assert.ok(frame.timeUs > before.timeUs, `frame ${i}`);
  });
  assert.deepEqual(
    watched.lines.filter((line) => /clock/.test(line)).map((line) => /set (\w+ by \d+)/.exec(line)?.[1]),
    ['ahead by 3600', 'back by 7200'],
  );
});

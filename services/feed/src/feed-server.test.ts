import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import {
  createMemoryLink,
  createTally,
  DeadpanError,
  envelope,
  serverMessage,
  type Emotion,
} from '@deadpan/shared';
import Database from 'libsql';

import {
  emotionOf,
  expressionOf,
  keepCameras,
  listen,
  refusalOf,
  startFeed,
  statusOf,
} from './feed-fixture.js';
import type { FeedServer } from './feed-server.js';
import { runFeedStage } from './feed-stage.js';

const VIEWER = 'viewer-token-0123456789';
const OPERATOR = 'operator-token-0123456789';
const DOOR_ONLY = 'door-only-token-0123456789';
const tokens = [
  { token: VIEWER, role: 'viewer' as const },
  { token: OPERATOR, role: 'operator' as const },
  { token: DOOR_ONLY, role: 'viewer' as const, cameras: ['door'] },
];
const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

async function withFeed(
  starting: Promise<FeedServer>,
  body: (feed: FeedServer) => Promise<void>,
): Promise<void> {
  const feed = await starting;
  try {
    await body(feed);
  } finally {
    await feed.close();
  }
}

/** Runs SQL in an SQLite file, as another program would. */
function inFile(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

function versionOf(file: string): unknown {
  const db = new Database(file);
  const [row] = db.prepare('PRAGMA user_version').all() as { user_version: number }[];
  db.close();
  return row?.user_version;
}

/** A request whose path is sent as it is, which fetch would tidy up. */
function rawGet(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('feed: who is let in', () => {
  test('an address that others reach needs tokens', async () => {
    for (const address of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0']) {
      await assert.rejects(startFeed({ listen: address }), (error) => {
        assert.ok(error instanceof DeadpanError);
        assert.equal(error.code, 'E_CONFIG');
        return true;
      });
    }
    await withFeed(startFeed({ listen: '0.0.0.0:0', tokens }), async (feed) => {
      const url = feed.url.replace('0.0.0.0', '127.0.0.1');
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      assert.equal((await fetch(`${url}/v1/cameras`)).status, 401);
      assert.equal((await fetch(`${url}/metrics`)).status, 401);
    });
  });

  test('a port in use is said in words', () =>
    withFeed(startFeed(), async (feed) => {
      await assert.rejects(startFeed({ listen: feed.url.replace('http://', '') }), { code: 'E_LISTEN' });
    }));

  test('HTTP: no token, wrong token, wrong role, wrong camera', () =>
    withFeed(startFeed({ tokens }), async (feed) => {
      const get = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
        (await fetch(feed.url + path, { headers })).status;
      assert.equal(await get('/v1/cameras'), 401);
      assert.equal(await get('/v1/cameras', bearer('wrong-token-0123456789')), 401);
      assert.equal(await get('/v1/cameras', bearer(VIEWER)), 200);
      assert.equal(await get('/v1/cameras/hall', bearer(DOOR_ONLY)), 403);
      assert.equal(await get('/v1/history?camera=hall', bearer(DOOR_ONLY)), 403);
      assert.equal(await get('/v1/tracks?camera=hall', bearer(DOOR_ONLY)), 403);
      const { cameras } = (await (
        await fetch(`${feed.url}/v1/cameras`, { headers: bearer(DOOR_ONLY) })
      ).json()) as { cameras: { id: string; address?: string }[] };
      assert.deepEqual(
        cameras.map(({ id, address }) => [id, address]),
        [['door', undefined]],
      );
      for (const [method, path] of [
        ['POST', '/v1/cameras'],
        ['PATCH', '/v1/cameras/door'],
        ['DELETE', '/v1/cameras/door'],
        ['POST', '/v1/probe'],
      ] as const) {
        const refused = await fetch(feed.url + path, { method, headers: bearer(VIEWER) });
        assert.equal(refused.status, 403, `${method} ${path}`);
        assert.equal(refused.headers.get('content-type'), 'application/problem+json');
        const problem = (await refused.json()) as Record<string, unknown>;
        assert.equal(problem['status'], 403);
        assert.equal(problem['code'], 'E_FORBIDDEN');
        assert.equal(problem['type'], 'urn:deadpan:error:E_FORBIDDEN');
      }
    }));

  test('WebSocket: no token, wrong token, wrong origin, wrong path; the token travels as header or subprotocol', () =>
    withFeed(startFeed({ tokens, origins: ['https://wall.example'] }), async (feed) => {
      const live = `${feed.url}/v1/live`;
      const own = new URL(feed.url).origin;
      assert.equal(await refusalOf(live), 401);
      assert.equal(await refusalOf(live, { headers: bearer('wrong-token-0123456789') }), 401);
      assert.equal(await refusalOf(live, {}, ['bearer.wrong-token-0123456789']), 401);
      assert.equal(await refusalOf(live, { headers: bearer(VIEWER), origin: 'https://evil.example' }), 403);
      assert.equal(await refusalOf(`${feed.url}/v2/live`, { headers: bearer(VIEWER) }), 404);
      const sockets = [
        await listen(feed.url, { headers: bearer(VIEWER) }),
        await listen(feed.url, { origin: own }, [`bearer.${VIEWER}`]),
        await listen(feed.url, { origin: 'https://wall.example' }, ['deadpan.v1', `bearer.${VIEWER}`]),
      ];
      assert.deepEqual(
        sockets.map(({ socket }) => socket.protocol),
        ['', `bearer.${VIEWER}`, 'deadpan.v1'],
      );
      for (const { socket } of sockets) socket.close();
    }));

  test('a token with cameras hears of no other', () =>
    withFeed(startFeed({ tokens }), async (feed) => {
      await feed.publishStatus(statusOf('hall'));
      const client = await listen(feed.url, { headers: bearer(DOOR_ONLY) });
      assert.deepEqual(client.heard[0]?.['cameras'], ['door']);
      client.say({ type: 'subscribe' });
      client.say({ type: 'subscribe', cameras: ['hall'] });
      assert.equal((await client.until(({ type }) => type === 'error'))['code'], 'E_FORBIDDEN');
      await feed.publishEmotion(emotionOf('hall', 'a'));
      await feed.publishEmotion(emotionOf('door', 'b'));
      await client.until(({ type }) => type === 'emotion');
      assert.deepEqual(
        client.heard.filter(({ camera }) => camera !== undefined).map(({ camera }) => camera),
        ['door'],
      );
      client.socket.close();
    }));

  test('an address that keeps trying tokens is held off; whoever has one is let in from there', () =>
    withFeed(startFeed({ tokens }), async (feed) => {
      const statuses = new Set<number>();
      for (let i = 0; i < 40; i += 1) {
        const { status } = await fetch(`${feed.url}/v1/cameras`, {
          headers: bearer(`guess-${i}-0123456789`),
        });
        statuses.add(status);
      }
      assert.deepEqual([...statuses], [401, 429]);
      assert.equal((await fetch(`${feed.url}/v1/cameras`, { headers: bearer(VIEWER) })).status, 200);
      const { socket } = await listen(feed.url, { headers: bearer(VIEWER) });
      socket.close();
    }));

  test('whoever has a token is let in, whatever others send through the same proxy', () =>
    withFeed(startFeed({ tokens, limits: { requestsPerSecond: 5 } }), async (feed) => {
      const get = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
        (await fetch(feed.url + path, { headers })).status;
      const others: [path: string, headers: Record<string, string>][] = [
        ['/v1/cameras', bearer('wrong-token-0123456789')],
        ['/v1/cameras', {}],
        ['/healthz', {}],
      ];
      for (const [path, headers] of others) {
        const statuses = await Promise.all(Array.from({ length: 40 }, () => get(path, headers)));
        assert.ok(statuses.includes(429), path);
        assert.equal(await get('/v1/cameras', bearer(VIEWER)), 200, path);
      }
      const live = `${feed.url}/v1/live`;
      for (const protocols of [[], ['bearer.wrong-token-0123456789']]) {
        const refusals = await Promise.all(Array.from({ length: 40 }, () => refusalOf(live, {}, protocols)));
        assert.ok(refusals.includes(429));
      }
      const { socket } = await listen(feed.url, {}, [`bearer.${VIEWER}`]);
      socket.close();
      const own = await Promise.all(Array.from({ length: 40 }, () => get('/v1/cameras', bearer(VIEWER))));
      assert.ok(own.includes(429), 'the limit of those who have a token');
    }));

  test('/metrics speak of every camera: a token for some of them is refused', () =>
    withFeed(startFeed({ tokens }), async (feed) => {
      await feed.publishStatus(statusOf('hall'));
      const refused = await fetch(`${feed.url}/metrics`, { headers: bearer(DOOR_ONLY) });
      assert.equal(refused.status, 403);
      const problem = await refused.text();
      assert.match(problem, /"E_FORBIDDEN"/);
      assert.doesNotMatch(problem, /hall/);
      const allowed = await fetch(`${feed.url}/metrics`, { headers: bearer(VIEWER) });
      assert.equal(allowed.status, 200);
      assert.match(await allowed.text(), /camera="hall"/);
    }));

  test('without tokens, pages that were rebound to this machine and pages of other sites are refused', () =>
    withFeed(startFeed(), async (feed) => {
      assert.equal((await rawGet(feed.url, '/v1/cameras', { host: 'evil.example' })).status, 403);
      assert.equal((await rawGet(feed.url, '/v1/cameras', { origin: 'http://evil.example' })).status, 403);
      assert.equal((await rawGet(feed.url, '/v1/cameras')).status, 200);
    }));

  test('more clients or requests than the limit are refused', async () => {
    await withFeed(startFeed({ limits: { clients: 1 } }), async (feed) => {
      const { socket } = await listen(feed.url);
      assert.equal(await refusalOf(`${feed.url}/v1/live`), 429);
      socket.close();
    });
    await withFeed(startFeed({ limits: { requestsPerSecond: 5 } }), async (feed) => {
      const all = await Promise.all(Array.from({ length: 30 }, () => fetch(`${feed.url}/healthz`)));
      assert.ok(all.some(({ status }) => status === 429));
    });
  });
});

describe('feed: HTTP', () => {
  test('static files: what is there is served, and nothing else can be reached', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'deadpan-feed-'));
    writeFileSync(join(folder, 'secret.txt'), 'secret');
    writeFileSync(join(folder, 'secret.js'), 'secret');
    mkdirSync(join(folder, 'public'));
    writeFileSync(join(folder, 'public', 'index.html'), '<!doctype html><title>wall</title>');
    writeFileSync(join(folder, 'public', 'page.js'), 'export {};');
    await withFeed(startFeed({}, { staticRoot: join(folder, 'public') }), async (feed) => {
      const page = await fetch(`${feed.url}/`);
      assert.equal(page.status, 200);
      assert.match(
        page.headers.get('content-security-policy') ?? '',
        /default-src 'none'.*script-src 'self';/,
      );
      assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /unsafe/);
      assert.match(await page.text(), /wall/);
      const etag = page.headers.get('etag') ?? '';
      assert.equal((await fetch(`${feed.url}/`, { headers: { 'if-none-match': etag } })).status, 304);
      for (const path of [
        '/../secret.js',
        '/%2e%2e/secret.js',
        '/..%2fsecret.js',
        '/..%5csecret.js',
        '/./page.js',
        '/%00',
        '/%zz',
        '/v1/cameras/../../secret.js',
      ]) {
        const { status, body } = await rawGet(feed.url, path);
        assert.equal(status, 400, path);
        assert.doesNotMatch(body, /^secret/);
      }
      for (const path of ['/secret.js', '//secret.js', '/etc/passwd', '/index.html/x']) {
        assert.equal((await rawGet(feed.url, path)).status, 404, path);
      }
      assert.equal((await fetch(`${feed.url}/`, { method: 'POST' })).status, 405);
    });
  });

  test('cameras come, change and go', () =>
    withFeed(startFeed(), async (feed) => {
      const call = (method: string, path: string, body?: unknown): Promise<Response> =>
        fetch(feed.url + path, {
          method,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
      const added = await call('POST', '/v1/cameras', { id: 'Café 1', address: 'rtsp://u:p@h/1', fps: 5 });
      assert.equal(added.status, 201);
      const location = added.headers.get('location') ?? '';
      assert.equal(location, '/v1/cameras/Caf%C3%A9%201');
      assert.deepEqual(await added.json(), {
        ...{ id: 'Café 1', address: 'rtsp://***@h/1', fps: 5, paused: false, status: null },
      });
      assert.equal((await call('POST', '/v1/cameras', { id: 'Café 1', address: 'rtsp://h/1' })).status, 409);
      await feed.publishStatus(statusOf('Café 1'));
      const patched = (await (await call('PATCH', location, { paused: true })).json()) as Record<
        string,
        unknown
      >;
      assert.equal(patched['paused'], true);
      assert.equal((patched['status'] as { state: string }).state, 'streaming');
      assert.equal((await call('DELETE', location)).status, 204);
      assert.equal((await call('GET', location)).status, 404);
      assert.equal((await call('DELETE', location)).status, 404);
      for (const bad of [
        { id: 'a/b', address: 'rtsp://h/1' },
        { id: 'a', address: 'file:///etc/passwd' },
        { id: 'a', address: '/etc/passwd' },
        { id: 'a', address: 'concat:a|b' },
        { id: 'a', address: 'rtsp://h/1', extra: 1 },
        { id: 'a' },
      ]) {
        assert.equal((await call('POST', '/v1/cameras', bad)).status, 400, JSON.stringify(bad));
      }
      assert.equal((await fetch(`${feed.url}/v1/cameras`, { method: 'POST', body: '{}' })).status, 400);
      assert.equal((await call('PUT', '/v1/cameras', {})).status, 405);
      assert.equal((await call('GET', '/v1/nothing')).status, 404);
      const probe = (await (await call('POST', '/v1/probe', { address: 'rtsp://h/1' })).json()) as object;
      assert.deepEqual(Object.keys(probe).sort(), [
        ...['answer', 'codec', 'error', 'fps', 'height', 'preview', 'reachable', 'width'],
      ]);
    }));

  test('a body over the limit is refused before it is read', () =>
    withFeed(startFeed(), async (feed) => {
      const { hostname, port } = new URL(feed.url);
      const status = await new Promise<number>((resolve, reject) => {
        const post = request({
          ...{ hostname, port, path: '/v1/cameras', method: 'POST' },
          headers: { 'content-type': 'application/json', 'content-length': 10_000_000 },
        });
        post.on('response', (response) => {
          resolve(response.statusCode ?? 0);
          post.destroy();
        });
        post.on('error', reject);
        post.write(Buffer.alloc(100_000, 32));
      });
      assert.equal(status, 413);
    }));

  test('/readyz names what is missing, /metrics counts', () => {
    const missing: string[] = ['the models are not loaded'];
    return withFeed(startFeed({}, { readiness: () => missing }), async (feed) => {
      const refused = await fetch(`${feed.url}/readyz`);
      assert.equal(refused.status, 503);
      assert.match(await refused.text(), /the models are not loaded/);
      missing.pop();
      assert.equal((await fetch(`${feed.url}/readyz`)).status, 200);
      assert.equal((await fetch(`${feed.url}/healthz`)).status, 200);
      const metrics = await (await fetch(`${feed.url}/metrics`)).text();
      assert.match(metrics, /deadpan_feed_requests_total\{method="GET",status="503"\} 1/);
      assert.match(metrics, /deadpan_feed_clients 0/);
    });
  });

  test('/metrics says which cameras stream; one that is paused is not missing', () =>
    withFeed(startFeed(), async (feed) => {
      const streaming = async (): Promise<string[]> =>
        (await (await fetch(`${feed.url}/metrics`)).text()).match(/^deadpan_camera_streaming.*$/gm) ?? [];
      await feed.publishStatus(statusOf('door'));
      await feed.publishStatus(statusOf('hall', 'waiting'));
      assert.deepEqual(await streaming(), [
        'deadpan_camera_streaming{camera="door"} 1',
        'deadpan_camera_streaming{camera="hall"} 0',
      ]);
      await feed.publishStatus(statusOf('hall', 'paused'));
      assert.deepEqual(await streaming(), ['deadpan_camera_streaming{camera="door"} 1']);
    }));

  test('pictures only where the configuration allows them', async () => {
    const frame = { camera: 'door', epoch: 1, sequence: 7, timeUs: 5_000_000, width: 64, height: 64 };
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
    const face = { crop: new Uint8Array(4096).fill(9), reference: new Uint8Array(4096).fill(8) };
    const paths = [
      '/v1/cameras/door/snapshot.jpg',
      '/v1/cameras/door/frames/1/7.jpg',
      '/v1/cameras/door/faces/1/7/t1/face.png',
      '/v1/cameras/door/faces/1/7/t1/reference.png',
    ];
    for (const [pixels, expected] of [
      ['off', [403, 403, 403, 403]],
      ['faces', [403, 403, 200, 200]],
      ['frames', [200, 200, 200, 200]],
    ] as const) {
      await withFeed(startFeed({ pixels }), async (feed) => {
        feed.pictures.putFrame(frame, jpeg);
        feed.pictures.putFace(frame, 't1', face);
        const replies = await Promise.all(paths.map((path) => fetch(feed.url + path)));
        assert.deepEqual(
          replies.map(({ status }) => status),
          expected,
          pixels,
        );
        if (pixels !== 'frames') return;
        const [snapshot, , png] = replies;
        assert.equal(snapshot?.headers.get('deadpan-sequence'), '7');
        assert.deepEqual(new Uint8Array(await snapshot.arrayBuffer()), jpeg);
        assert.equal(png?.headers.get('content-type'), 'image/png');
        assert.equal((await fetch(`${feed.url}/v1/cameras/door/frames/1/8.jpg`)).status, 404);
      });
    }
  });
});

describe('feed: WebSocket', () => {
  test('hello, then the snapshot, then what comes; every message follows the public schema', () =>
    withFeed(startFeed(), async (feed) => {
      await feed.publishStatus(statusOf('door'));
      await feed.publishEmotion(emotionOf('door', 'a'));
      await feed.publishEmotion(emotionOf('door', 'a', Date.now() * 1000 + 500_000, 2));
      await feed.publishEmotion(emotionOf('hall', 'b'));
      const client = await listen(feed.url);
      client.say({ type: 'subscribe', types: ['emotion', 'status', 'expression'] });
      await client.until(({ camera, type }) => camera === 'hall' && type === 'emotion');
      assert.deepEqual(
        client.heard.map(({ type, camera, expression }) => [type, camera, expression]),
        [
          ['hello', undefined, undefined],
          ['status', 'door', undefined],
          ['emotion', 'door', 'surprise'],
          ['emotion', 'hall', 'happiness'],
        ],
      );
      await feed.publishExpression(expressionOf('door', 'a', 3));
      await feed.publishExpression({ ...expressionOf('door', 'a', 4), faces: 0, face: null });
      await client.until(({ sequence }) => sequence === 4);
      for (const message of client.heard) serverMessage.parse(message);
      client.socket.close();
    }));

  test('expressions are opt-in; unsubscribe takes back', () =>
    withFeed(startFeed(), async (feed) => {
      const client = await listen(feed.url);
      client.say({ type: 'subscribe' });
      client.say({ type: 'unsubscribe', types: ['emotion'], cameras: ['door'] });
      client.say('end of talk');
      await client.until(({ type }) => type === 'error');
      await feed.publishExpression(expressionOf('door', 'a', 0));
      await feed.publishEmotion(emotionOf('door', 'a'));
      await feed.publishEmotion(emotionOf('hall', 'b'));
      await client.until(({ camera }) => camera === 'hall');
      assert.deepEqual(
        client.heard.map(({ type }) => type),
        ['hello', 'error', 'emotion'],
      );
      client.socket.close();
    }));

  test('garbage is answered in words, floods and giants are cut off', () =>
    withFeed(startFeed(), async (feed) => {
      const garbage = await listen(feed.url);
      garbage.say('{');
      garbage.say({ type: 'subscribe', types: ['pixels'] });
      garbage.socket.send(Buffer.from([1, 2, 3]), { binary: true });
      await garbage.until(({ message }) => /Binary/.test(String(message)));
      assert.deepEqual(
        garbage.heard.slice(1).map(({ code }) => code),
        ['E_REQUEST', 'E_REQUEST', 'E_REQUEST'],
      );
      for (let i = 0; i < 100; i += 1) garbage.say('x');
      assert.equal(await garbage.closed, 1008);
      const giant = await listen(feed.url);
      giant.socket.on('error', () => undefined);
      giant.socket.send('x'.repeat(10_000_000));
      assert.ok([1006, 1009].includes(await giant.closed));
    }));

  test('a client that answers no ping is let go', () =>
    withFeed(startFeed({ limits: { ping: 0.1 } }), async (feed) => {
      const deaf = await listen(feed.url, { autoPong: false });
      assert.equal(await deaf.closed, 1006);
    }));

  test('a reader that falls behind gets the newest, and a gap that counts what it missed', () =>
    withFeed(startFeed({ limits: { bufferedBytes: 16_384 } }), async (feed) => {
      const slow = await listen(feed.url);
      slow.say({ type: 'subscribe' });
      slow.say('end of talk');
      await slow.until(({ type }) => type === 'error');
      slow.socket.pause();
      const total = 20_000;
      const kept: Promise<void>[] = [];
      for (let i = 0; i < total; i += 1) {
        kept.push(
          feed.publishEmotion({ ...emotionOf('door', `t${i % 3}`), frames: i + 1, model: 'm'.repeat(400) }),
        );
        // Sockets move on only between turns of the event loop.
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(kept);
      slow.socket.resume();
      for (const frames of [total, total - 1, total - 2])
        await slow.until((message) => message['frames'] === frames);
      const got = slow.heard.filter(({ type }) => type === 'emotion').length;
      const missed = slow.heard
        .filter(({ type }) => type === 'gap')
        .reduce((sum, message) => sum + Number(message['missed']), 0);
      assert.ok(missed > 0);
      assert.equal(got + missed, total);
      slow.socket.close();
    }));

  test('200 clients, ten of them reading nothing, one sending garbage, one 10 MB: the others get everything', () =>
    withFeed(startFeed(), async (feed) => {
      const clients = await Promise.all(Array.from({ length: 200 }, () => listen(feed.url)));
      for (const client of clients) client.say({ type: 'subscribe' });
      for (const client of clients) client.say('end of talk');
      await Promise.all(clients.map((client) => client.until(({ type }) => type === 'error')));
      const deaf = clients.slice(0, 10);
      const [garbage, giant] = clients.slice(10, 12);
      const others = clients.slice(12);
      for (const { socket } of deaf) socket.pause();
      giant?.socket.on('error', () => undefined);
      giant?.socket.send('x'.repeat(10_000_000));
      const rounds = 100;
      for (let i = 0; i < rounds; i += 1) {
        garbage?.say('garbage');
        await feed.publishEmotion({ ...emotionOf('door', 'a'), frames: i + 1 });
      }
      await Promise.all(others.map((client) => client.until(({ frames }) => frames === rounds)));
      for (const { heard } of others) {
        const frames = heard.filter(({ type }) => type === 'emotion').map((message) => message['frames']);
        assert.deepEqual(
          frames,
          Array.from({ length: rounds }, (_, i) => i + 1),
        );
      }
      assert.ok([1006, 1009].includes((await giant?.closed) ?? 0));
      for (const { socket } of clients) socket.terminate();
    }));

  test('close says goodbye, and does not wait for those who read nothing', async () => {
    const feed = await startFeed();
    const [polite, deaf] = [await listen(feed.url), await listen(feed.url)];
    deaf.socket.pause();
    await feed.close();
    assert.equal(await polite.closed, 1001);
    deaf.socket.terminate();
  });
});

describe('feed: records', () => {
  test('an ack follows once a window is kept and sent', () =>
    withFeed(startFeed(), async (feed) => {
      const link = createMemoryLink<Emotion>({ name: 'emotions', capacity: 8, whenFull: 'block' });
      const tally = createTally();
      const running = runFeedStage(feed, { emotions: link.receiver }, tally);
      const emotion = emotionOf('door', 'a');
      await new Promise<void>((onAck) => {
        void link.sender.send(envelope({ key: 'door', timeUs: emotion.endUs, value: emotion, onAck }));
      });
      const kept = (await (
        await fetch(`${feed.url}/v1/history?camera=door&track=a&to=2100-01-01T00:00:00Z&from=0`)
      ).json()) as {
        windows: unknown[];
      };
      assert.equal(kept.windows.length, 1);
      await link.sender.end();
      await running;
      assert.equal(tally.stages.get('feed')?.received, 1);
    }));

  test('aggregates only: nothing of a single person leaves or stays', () =>
    withFeed(startFeed({ aggregatesOnly: true, aggregateMinimum: 2, pixels: 'frames' }), async (feed) => {
      const client = await listen(feed.url);
      client.say({ type: 'subscribe', types: ['expression'] });
      assert.equal((await client.until(({ type }) => type === 'error'))['code'], 'E_FORBIDDEN');
      client.say({ type: 'subscribe' });
      const end = Math.floor(Date.now() / 1000) * 1_000_000;
      await feed.publishExpression(expressionOf('door', 'a', 0));
      await Promise.all([
        feed.publishEmotion(emotionOf('door', 'a', end, 1)),
        feed.publishEmotion({ ...emotionOf('door', 'b', end, 2), frames: 15 }),
        feed.publishEmotion(emotionOf('door', 'alone', end + 500_000)),
      ]);
      const message = await client.until(({ type }) => type === 'emotion');
      assert.equal(message['track'], 'everybody');
      assert.equal(message['frames'], 20);
      assert.equal(message['expression'], 'surprise');
      assert.equal((message['probabilities'] as Record<string, number>)['happiness'], 0.2);
      assert.equal(client.heard.filter(({ type }) => type === 'emotion').length, 1);
      for (const path of ['/v1/tracks', '/v1/tracks?from=0', '/v1/history?from=0']) {
        const text = await (await fetch(feed.url + path)).text();
        assert.doesNotMatch(text, /"track":"(a|b|alone)"/);
        assert.match(text, /everybody/);
      }
      assert.equal((await fetch(`${feed.url}/v1/cameras/door/snapshot.jpg`)).status, 404);
      client.socket.close();
    }));

  test('a restart keeps the history, and its camera states label the gaps', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    const now = Date.now() * 1000;
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      await feed.publishStatus(statusOf('door'));
      await feed.publishStatus({
        ...statusOf('door', 'stalled'),
        timeUs: now + 1_000_000,
        lastError: 'no frame for 5 s',
      });
      await feed.publishEmotion(emotionOf('door', 'a', now));
      await feed.publishEmotion({ ...emotionOf('door', 'a', now), intensity: 0.75 });
      await feed.publishEmotion(emotionOf('door', 'a', now - 30 * 60_000_000));
    });
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      const history = async (
        query: string,
      ): Promise<{
        windows: Record<string, unknown>[];
        states: Record<string, unknown>[];
        next: string | null;
      }> => (await (await fetch(`${feed.url}/v1/history?to=${now / 1e6 + 10}&${query}`)).json()) as never;
      const all = await history('camera=door');
      assert.deepEqual(
        all.windows.map(({ intensity }) => intensity),
        [0.5, 0.75],
      );
      assert.deepEqual(
        all.states.map(({ state, error }) => [state, error]),
        [
          ['streaming', null],
          ['stalled', 'no frame for 5 s'],
        ],
      );
      const cut = await history('limit=1');
      assert.equal(cut.windows.length, 1);
      const rest = await history(`limit=1&after=${cut.next ?? ''}`);
      assert.deepEqual([...cut.windows, ...rest.windows], all.windows);
      assert.equal(rest.next, null);
      assert.equal((await fetch(`${feed.url}/v1/history?after=yesterday`)).status, 400);
      assert.equal((await history('track=b')).windows.length, 0);
      assert.equal((await fetch(`${feed.url}/v1/history?from=yesterday`)).status, 400);
      const { tracks } = (await (await fetch(`${feed.url}/v1/tracks?from=0`)).json()) as {
        tracks: { windows: number }[];
      };
      assert.deepEqual(
        tracks.map(({ windows }) => windows),
        [2],
      );
    });
  });

  test('a history that is asked for piece by piece gives every window once, also where windows overlap', () =>
    withFeed(startFeed(), async (feed) => {
      const now = Date.now() * 1000;
      for (const track of ['a', 'b']) {
        for (let i = 0; i < 5; i++) await feed.publishEmotion(emotionOf('door', track, now - i * 500_000));
      }
      const seen: string[] = [];
      let after = '';
      for (;;) {
        const answer = await fetch(`${feed.url}/v1/history?to=${now / 1e6 + 10}&limit=3${after}`);
        const part = (await answer.json()) as {
          windows: { track: string; start: number }[];
          next: string | null;
        };
        seen.push(...part.windows.map(({ track, start }) => `${track} ${start}`));
        if (part.next === null) break;
        after = `&after=${part.next}`;
      }
      assert.equal(seen.length, 10);
      assert.equal(new Set(seen).size, 10);
    }));

  test('cameras go on while the history is held by another program, and their states are kept after that', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      const other = new Database(file);
      other.exec('BEGIN IMMEDIATE');
      await feed.publishStatus(statusOf('door'));
      other.exec('COMMIT');
      await feed.publishStatus(statusOf('door'));
      other.close();
      const { states } = (await (await fetch(`${feed.url}/v1/history`)).json()) as {
        states: { state: string }[];
      };
      assert.deepEqual(
        states.map(({ state }) => state),
        ['streaming'],
      );
    });
  });

  test('a write that SQLite gave up by itself, as on a full disk, says why, and the next one is kept', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      const other = new Database(file);
      other.exec(
        "CREATE TRIGGER full BEFORE INSERT ON windows BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END",
      );
      await assert.rejects(feed.publishEmotion(emotionOf('door', 'a')), { message: /: disk is full\.$/ });
      const ready = async (): Promise<string> => (await fetch(`${feed.url}/readyz`)).text();
      assert.match(await ready(), /Not ready: The history .*: disk is full\."/);
      other.exec('DROP TRIGGER full');
      other.close();
      await feed.publishEmotion(emotionOf('door', 'a'));
      assert.equal(await ready(), 'ready\n');
    });
  });

  test('a history from before files had a version goes on, and has one then', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      await feed.publishEmotion(emotionOf('door', 'before'));
    });
    assert.equal(versionOf(file), 1);
    inFile(file, 'PRAGMA user_version = 0');
    await withFeed(startFeed({ history: { file } }), async (feed) => {
      await feed.publishEmotion(emotionOf('door', 'after'));
      const text = await (await fetch(`${feed.url}/v1/history?from=0`)).text();
      assert.match(text, /"before"/);
      assert.match(text, /"after"/);
    });
    assert.equal(versionOf(file), 1);
  });

  test('a file of another version or another program is left as it is, and named with what to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'deadpan-feed-'));
    const ours = join(folder, 'ours.sqlite');
    await withFeed(startFeed({ history: { file: ours } }), (feed) =>
      feed.publishEmotion(emotionOf('door', 'a')),
    );
    const changed = (name: string, sql: string): string => {
      const file = join(folder, name);
      // A copy of the file alone would lack what stands in its -wal.
      inFile(ours, `VACUUM INTO '${file}'`);
      inFile(file, sql);
      return file;
    };
    const made = (name: string, sql: string): string => {
      const file = join(folder, name);
      inFile(file, sql);
      return file;
    };
    const letter = join(folder, 'letter.txt');
    writeFileSync(letter, 'Dear Sir or Madam, this is no history.');
    for (const [file, why] of [
      [changed('newer.sqlite', 'PRAGMA user_version = 2'), /version is 2, and this one needs 1/],
      [changed('grown.sqlite', 'ALTER TABLE windows ADD COLUMN mood TEXT'), /tables are others/],
      [made('todo.sqlite', 'CREATE TABLE todo (text TEXT)'), /tables are others/],
      [
        made('panes.sqlite', 'PRAGMA user_version = 1; CREATE TABLE windows (glass TEXT)'),
        /tables are others/,
      ],
      [letter, /not an SQLite file/],
    ] as const) {
      const before = readFileSync(file);
      const starting = startFeed({ history: { file } }).then((feed) => feed.close());
      await assert.rejects(starting, (error) => {
        assert.ok(error instanceof DeadpanError);
        assert.equal(error.code, 'E_HISTORY');
        assert.match(error.message, why);
        assert.ok(error.message.includes(file));
        assert.match(error.advice ?? '', /feed\.history\.file, or move this one away/);
        return true;
      });
      assert.deepEqual(readFileSync(file), before, file);
    }
  });

  test('what is older than the retention is gone after the next start', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    const now = Date.now() * 1000;
    await withFeed(startFeed({ history: { file, retention: 1000 } }), async (feed) => {
      await feed.publishEmotion(emotionOf('door', 'old', now - 2 * 3_600_000_000));
      await feed.publishEmotion(emotionOf('door', 'new', now));
    });
    await withFeed(startFeed({ history: { file, retention: 1 } }), async (feed) => {
      const text = await (await fetch(`${feed.url}/v1/history?from=0`)).text();
      assert.doesNotMatch(text, /"old"/);
      assert.match(text, /"new"/);
    });
  });

  test('the last state of a camera outlives the retention, but not when it says that the camera was removed', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'deadpan-feed-')), 'history.sqlite');
    const old = Date.now() * 1000 - 2 * 3_600_000_000;
    await withFeed(startFeed({ history: { file, retention: 1000 } }), async (feed) => {
      for (const camera of ['door', 'yard']) {
        await feed.publishStatus({ ...statusOf(camera), timeUs: old - 1_000_000 });
      }
      await feed.publishStatus({ ...statusOf('yard', 'removed'), timeUs: old });
    });
    await withFeed(startFeed({ history: { file, retention: 1 } }), async (feed) => {
      const { states } = (await (await fetch(`${feed.url}/v1/history`)).json()) as {
        states: { camera: string; state: string }[];
      };
      assert.deepEqual(
        states.map(({ camera, state }) => [camera, state]),
        [['door', 'streaming']],
      );
    });
  });

  test('a camera that is removed is forgotten', () => {
    const cameras = keepCameras('door');
    return withFeed(startFeed({}, { cameras }), async (feed) => {
      await feed.publishStatus(statusOf('door'));
      await feed.publishEmotion(emotionOf('door', 'a'));
      await fetch(`${feed.url}/v1/cameras/door`, { method: 'DELETE' });
      const client = await listen(feed.url);
      client.say({ type: 'subscribe' });
      client.say('end of talk');
      await client.until(({ type }) => type === 'error');
      assert.deepEqual(
        client.heard.map(({ type }) => type),
        ['hello', 'error'],
      );
      client.socket.close();
    });
  });

  test('what is known of a camera is kept until the list is read, and shown only of those on it', () => {
    const cameras = keepCameras('door');
    return withFeed(startFeed({}, { cameras }), async (feed) => {
      const streaming = async (): Promise<string[]> =>
        (await (await fetch(`${feed.url}/metrics`)).text()).match(/^deadpan_camera_streaming.*$/gm) ?? [];
      // The list is still being read: the line of "hall" comes last.
      await feed.publishStatus(statusOf('hall', 'waiting'));
      const client = await listen(feed.url);
      client.say({ type: 'subscribe' });
      client.say('end of talk');
      await client.until(({ type }) => type === 'error');
      assert.equal(
        client.heard.some(({ type }) => type === 'status'),
        false,
      );
      assert.deepEqual(await streaming(), []);
      await cameras.add({ id: 'yard', address: 'rtsp://yard.example/live', fps: 5, paused: false });
      await cameras.add({ id: 'hall', address: 'rtsp://hall.example/live', fps: 5, paused: false });
      await client.until(({ type, camera }) => type === 'status' && camera === 'hall');
      assert.deepEqual(await streaming(), ['deadpan_camera_streaming{camera="hall"} 0']);
      const hall = (await (await fetch(`${feed.url}/v1/cameras/hall`)).json()) as { status: object | null };
      assert.notEqual(hall.status, null);
      // A late status of one that was removed.
      await cameras.remove('hall');
      await feed.publishStatus(statusOf('hall', 'waiting'));
      assert.deepEqual(await streaming(), []);
      client.socket.close();
    });
  });
});

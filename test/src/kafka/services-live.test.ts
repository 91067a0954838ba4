import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import { rawFrameCodec, statusCodec } from '@deadpan/shared';
import { TOPICS, type KafkaClient } from '@deadpan/shared/kafka';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { CLIP } from '../analyze/command-line.js';
import { clientOf, readAll } from './kafka-under-test.js';
import { prepareServices, until } from './services-under-test.js';

/* Live cameras on a real broker with passwords: replicas share them, and what is secret stays so. */

let broker: Broker;
before(async () => {
  broker = await startBroker({ profile: 'secure' });
});
after(() => broker.stop());

const CAMERAS = ['door', 'hall', 'yard', 'roof'];
const CAMERA_PASSWORD = 'plantedCameraPassword1';
const TOKEN = 'plantedTokenOfTheFeed1';

/** Address of a camera that hangs up on everybody. */
async function rudeCamera(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** Resolves once every camera has sent a frame after this call. */
async function framesOfAll(client: KafkaClient): Promise<void> {
  const missing = new Set(CAMERAS);
  await until(client, TOPICS.frames, rawFrameCodec, Date.now(), ({ camera }) => {
    missing.delete(camera);
    return missing.size === 0;
  });
}

/** The command lines of all processes. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** Cameras that a replica reads, by its metrics. */
async function camerasOf(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(/^deadpan_stage_emitted_total\{camera="([^"]+)",stage="ingest"\} /gm);
  return [...found].map(([, camera = '']) => camera);
}

test('replicas share the cameras, a dead one leaves its own to the other, edits outlive it, and no secret gets out', async (t) => {
  const client = clientOf(broker, {
    ...{ tls: true, ca: broker.ca, username: 'admin', password: broker.users?.admin },
    partitions: 4,
  });
  const rude = await rudeCamera();
  const services = await prepareServices(client, {
    kafka: { ...client.config, ca: `file:${broker.caFile ?? ''}` },
    ingest: { maxSide: 64 },
    service: { frames: 'raw' },
    feed: { tokens: [{ token: TOKEN, role: 'operator' }] },
    cameras: [
      ...CAMERAS.map((name) => ({ name, address: CLIP, fps: 2 })),
      { name: 'shed', address: CLIP, fps: 1 },
      { name: 'locked', address: `rtsp://admin:${CAMERA_PASSWORD}@127.0.0.1:${rude.port}/live` },
    ],
  });
  try {
    const [one, two] = ['ingest', 'ingest'].map((name) => services.start(name, '--listen', '127.0.0.1:0'));
    const feed = services.start('feed', '--listen', '127.0.0.1:0');
    assert.ok(one !== undefined && two !== undefined);
    const line = ['align', 'normalize', 'classify'].map((name) =>
      services.start(name, '--listen', '127.0.0.1:0'),
    );
    await Promise.all([one, two, feed, ...line].map(({ ready }) => ready));
    assert.equal((await fetch(`${await one.url}/readyz`)).status, 200);
    await framesOfAll(client);
    await until(
      client,
      TOPICS.status,
      statusCodec,
      0,
      ({ camera, lastError }) => camera === 'locked' && lastError !== null,
    );
    const shares = [await camerasOf(await one.url), await camerasOf(await two.url)];
    t.diagnostic(`shares: ${shares.map((share) => share.join(' ')).join(' | ')}`);
    for (const share of shares) assert.ok(share.length > 0);

    const ask = async (path: string, method = 'GET', body?: object): Promise<Response> =>
      fetch(`${await feed.url}/v1/cameras${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const listed = await (await ask('')).text();
    for (const name of [...CAMERAS, 'locked']) assert.ok(listed.includes(`"${name}"`), listed);

    // What is no line of the list, and what is no frame, with a secret in it.
    const producer = client.kafka.producer();
    await producer.connect();
    for (const { name } of [TOPICS.cameras, TOPICS.expressions]) {
      const value = name === TOPICS.cameras.name ? `{"address":"${CAMERA_PASSWORD}"` : 'garbage';
      await producer.send({ topic: client.named(name), messages: [{ key: 'bad', value, partition: 0 }] });
    }
    await producer.disconnect();

    const seen = [
      commandLines(),
      listed,
      await (await fetch(`${await one.url}/metrics`)).text(),
      await (await fetch(`${await two.url}/metrics`)).text(),
    ];
    for (const { url } of line) seen.push(await (await fetch(`${await url}/metrics`)).text());
    assert.equal((await ask('/shed', 'DELETE')).status, 204);
    assert.equal((await ask('/locked', 'PATCH', { paused: true })).status, 200);
    const killed = performance.now();
    one.child.kill('SIGKILL');
    await framesOfAll(client);
    t.diagnostic(
      `all cameras are read again ${((performance.now() - killed) / 1000).toFixed(1)} s after a kill`,
    );
    assert.ok(performance.now() - killed < 15_000);

    // The one that takes its place has the same configuration.
    const three = services.start('ingest', '--listen', '127.0.0.1:0');
    await three.ready;
    const later = (await (await ask('')).json()) as { cameras: { id: string; paused: boolean }[] };
    assert.equal(
      later.cameras.find(({ id }) => id === 'shed'),
      undefined,
    );
    assert.equal(later.cameras.find(({ id }) => id === 'locked')?.paused, true);

    for (const service of [two, three, feed, ...line]) {
      service.child.kill('SIGTERM');
      assert.equal(await service.ended, 0, service.said());
    }
    const letters = await readAll(client, TOPICS.deadLetter.name);
    assert.ok(letters.length > 0);
    for (const service of [one, two, three, feed, ...line]) seen.push(service.said());
    seen.push(JSON.stringify(letters.map(({ value, headers }) => [value?.toString(), headers])));
    for (const secret of [CAMERA_PASSWORD, TOKEN, broker.users?.admin ?? '']) {
      for (const text of seen) assert.ok(!text.includes(secret), text);
    }
  } finally {
    await services.close();
    rude.close();
  }
});

test('the list is read to its end before a camera is opened, and only one that is taken off it is said to be removed', async () => {
  const client = clientOf(broker, {
    ...{ tls: true, ca: broker.ca, username: 'admin', password: broker.users?.admin },
    partitions: 1,
  });
  const services = await prepareServices(client, {
    kafka: { ...client.config, ca: `file:${broker.caFile ?? ''}` },
    ingest: { maxSide: 64 },
    service: { frames: 'raw' },
    feed: { tokens: [{ token: TOKEN, role: 'operator' }] },
    cameras: [{ name: 'door', address: CLIP, fps: 2 }],
  });
  const framesOfDoor = (): Promise<void> =>
    until(client, TOPICS.frames, rawFrameCodec, Date.now(), ({ camera }) => camera === 'door');
  try {
    const feed = services.start('feed', '--listen', '127.0.0.1:0');
    await feed.ready;
    const ask = async (path: string, method: string, body?: object): Promise<number> => {
      const answer = await fetch(`${await feed.url}/v1/cameras${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answer.status;
    };
    const address = 'rtsp://127.0.0.1:9/live';
    assert.equal(await ask('', 'POST', { id: 'shed', address }), 201);
    assert.equal(await ask('/shed', 'DELETE'), 204);
    assert.equal(await ask('', 'POST', { id: 'rest', address }), 201);
    assert.equal(await ask('/rest', 'PATCH', { paused: true }), 200);

    const one = services.start('ingest', '--listen', '127.0.0.1:0');
    await Promise.all([one.ready, framesOfDoor()]);
    const two = services.start('ingest', '--listen', '127.0.0.1:0');
    await two.ready;
    one.child.kill('SIGTERM');
    assert.equal(await one.ended, 0, one.said());
    await framesOfDoor();
    assert.equal(await ask('/door', 'DELETE'), 204);
    await until(client, TOPICS.status, statusCodec, 0, ({ state }) => state === 'removed');
    const told = (await readAll(client, TOPICS.status.name)).map(({ value }) =>
      statusCodec.decode(value ?? Buffer.alloc(0)),
    );
    const statesOf = (name: string): string[] =>
      told.filter(({ camera }) => camera === name).map(({ state }) => state);
    assert.deepEqual(statesOf('shed'), []);
    assert.deepEqual([...new Set(statesOf('rest'))], ['paused']);
    assert.equal(statesOf('door').indexOf('removed'), statesOf('door').length - 1);
  } finally {
    await services.close();
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { CLASSES, emotionCodec, emotionMessage, rawFrameCodec, type EmotionMessage } from '@deadpan/shared';
import { createKafkaReceiver, TOPICS, type KafkaClient } from '@deadpan/shared/kafka';
import { parse } from 'csv-parse/sync';
import { WebSocket } from 'ws';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { CLIP, deadpan } from '../analyze/command-line.js';
import { clientOf, readAll } from './kafka-under-test.js';
import { emotionsById, prepareServices, until, type ServiceProcess } from './services-under-test.js';

/* The services as processes of their own on a real broker, against what `analyze` says of the same clip. */

/** Every second frame: half the time, and all that a tracker and windows have to do. */
const FPS = '12.5';

let broker: Broker;
let analysed: readonly Readonly<Record<string, string>>[];
const folder = mkdtempSync(join(tmpdir(), 'deadpan-services-'));
before(async () => {
  const [started, { code, stderr }] = await Promise.all([
    startBroker(),
    deadpan(['analyze', CLIP, '--out', folder, '--fps', FPS, '--quiet']),
  ]);
  broker = started;
  assert.equal(code, 0, stderr);
  analysed = parse(readFileSync(join(folder, 'clip/emotions.csv')), { columns: true });
});
after(async () => {
  rmSync(folder, { recursive: true });
  await broker.stop();
});

/** A window as `emotions.csv` has it. */
function rowOf(emotion: EmotionMessage): Record<string, string> {
  const { track, start, end, frames, missed, expression, probabilities, intensity } = emotion;
  return {
    track,
    start: start.toFixed(3),
    end: end.toFixed(3),
    frames: String(frames),
    missed: String(missed),
    expression,
    ...Object.fromEntries(CLASSES.map((name) => [name, probabilities[name].toFixed(4)])),
    intensity: intensity.toFixed(4),
  };
}

/** Listens to a feed; resolves once it is greeted. Its emotions resolve when there are `count`. */
async function feedOf(
  url: string,
  count: number,
): Promise<{ readonly emotions: Promise<readonly EmotionMessage[]> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  const seen: EmotionMessage[] = [];
  let greet: () => void = () => undefined;
  const greeted = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const emotions = new Promise<readonly EmotionMessage[]>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`the feed ended after ${seen.length} of ${count} emotions`));
    });
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { readonly type: string };
      if (message.type === 'hello') {
        socket.send(JSON.stringify({ type: 'subscribe', types: ['emotion'] }));
        greet();
      }
      if (message.type !== 'emotion') return;
      seen.push(emotionMessage.parse(message));
      if (seen.length < count) return;
      resolve(seen);
      socket.close();
    });
  });
  await greeted;
  return { emotions };
}

const inOrder = <Row extends Readonly<Record<string, string>>>(rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => Number(a['start']) - Number(b['start']) || Number(a['track']) - Number(b['track']));

test('a recorded clip through the processes gives the emotions of analyze, to the last decimal', async (t) => {
  const client = clientOf(broker);
  const services = await prepareServices(client);
  const started = performance.now();
  try {
    const feed = services.start('feed', '--listen', '127.0.0.1:0');
    await feed.ready;
    const shown = await feedOf(await feed.url, analysed.length);
    const all = [
      services.start('classify', '--until-end'),
      services.start('normalize', '--until-end'),
      services.start('align', '--until-end'),
      services.start('ingest', `clip=${CLIP}`, '--until-end', '--frames', 'raw', '--fps', FPS),
    ];
    for (const { ended, said } of all) assert.equal(await ended, 0, said());
    const { byId, records, changed } = await emotionsById(client);
    t.diagnostic(`${records} windows in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.deepEqual(changed, []);
    assert.equal(records, byId.size);
    assert.deepEqual(inOrder([...byId.values()].map(rowOf)), inOrder(analysed));
    assert.deepEqual(inOrder((await shown.emotions).map(rowOf)), inOrder(analysed));
    feed.child.kill('SIGTERM');
    assert.equal(await feed.ended, 0, feed.said());
  } finally {
    await services.close();
  }
});

test('neighbours that are fused give the same, and their frames do not cross Kafka', async () => {
  const client = clientOf(broker);
  const services = await prepareServices(client);
  try {
    const all = [
      services.start('--stages', 'normalize,classify', '--until-end'),
      services.start('ingest', `clip=${CLIP}`, '--stages', 'ingest,align', '--until-end', '--fps', FPS),
    ];
    for (const { ended, said } of all) assert.equal(await ended, 0, said());
    const { byId } = await emotionsById(client);
    assert.deepEqual(inOrder([...byId.values()].map(rowOf)), inOrder(analysed));
    assert.deepEqual(await readAll(client, TOPICS.frames.name), []);
    assert.deepEqual(await readAll(client, TOPICS.pairs.name), []);
  } finally {
    await services.close();
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`a run that ${signal} ends before its end ends with 130, and goes on to the same`, async () => {
    const client = clientOf(broker);
    const services = await prepareServices(client);
    try {
      const last = services.start('--stages', 'normalize,classify', '--until-end');
      const read = ['ingest', `clip=${CLIP}`, '--stages', 'ingest,align', '--until-end', '--fps', FPS];
      const interrupted = services.start(...read);
      await interrupted.ready;
      interrupted.child.kill(signal);
      assert.equal(await interrupted.ended, 130, interrupted.said());
      assert.match(interrupted.said(), /^deadpan: Interrupted before the end .*\(E_INTERRUPTED\)$/m);
      for (const { ended, said } of [services.start(...read), last]) assert.equal(await ended, 0, said());
      const { byId } = await emotionsById(client);
      assert.deepEqual(inOrder([...byId.values()].map(rowOf)), inOrder(analysed));
    } finally {
      await services.close();
    }
  });
}

/**
 * Lets the faults happen one after the other while windows come out: each at a window after the one before it is over.
 * Resolves at the mark of the end.
 */
async function duringWindows(client: KafkaClient, faults: readonly (() => Promise<void>)[]): Promise<void> {
  const receiver = createKafkaReceiver({
    ...{ client, topic: TOPICS.emotions, codec: emotionCodec, group: 'watcher', untilEnd: true },
    deadLetters: { put: ({ error }) => Promise.reject(error) },
  });
  const left = [...faults];
  let underway: Promise<void> | undefined;
  let failure: unknown;
  for await (const record of receiver) {
    record.ack();
    underway ??= left
      .shift()?.()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        underway = undefined;
      });
  }
  await underway;
  await receiver.close();
  assert.equal(failure, undefined);
  assert.equal(left.length, 0, `the clip ended before ${left.length} of the faults`);
}

test('services are killed while the clip streams: the same emotions, none twice with another content', async (t) => {
  const client = clientOf(broker, { sessionTimeout: 4 });
  const services = await prepareServices(client);
  const started = performance.now();
  const arguments_ = {
    classify: ['classify', '--until-end'],
    normalize: ['normalize', '--until-end'],
    align: ['align', '--until-end'],
    ingest: ['ingest', `clip=${CLIP}`, '--until-end', '--frames', 'raw', '--fps', FPS],
  };
  const running = new Map<keyof typeof arguments_, ServiceProcess>();
  const start = (name: keyof typeof arguments_): void => {
    running.set(name, services.start(...arguments_[name]));
  };
  const again = (name: keyof typeof arguments_, signal: 'SIGKILL' | 'SIGTERM') => async (): Promise<void> => {
    const service = running.get(name);
    service?.child.kill(signal);
    // Who is told to end says that this is not the end; who is killed says nothing any more.
    assert.equal(await service?.ended, signal === 'SIGTERM' ? 130 : null, service?.said());
    start(name);
    await running.get(name)?.ready;
  };
  try {
    for (const name of ['classify', 'normalize', 'align', 'ingest'] as const) start(name);
    // It reads far ahead of the others: its turn is when it has begun.
    await until(client, TOPICS.frames, rawFrameCodec, 0, ({ sequence }) => sequence >= 20);
    await again('ingest', 'SIGKILL')();
    await duringWindows(client, [
      again('align', 'SIGKILL'),
      again('classify', 'SIGKILL'),
      again('normalize', 'SIGKILL'),
      again('classify', 'SIGTERM'),
    ]);
    for (const { ended, said } of running.values()) assert.equal(await ended, 0, said());
    const { byId, records, changed } = await emotionsById(client);
    t.diagnostic(
      `${byId.size} windows, ${records - byId.size} repeated, ${changed.length} changed, in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
    assert.deepEqual(changed, []);
    assert.deepEqual(inOrder([...byId.values()].map(rowOf)), inOrder(analysed));
  } finally {
    await services.close();
  }
});

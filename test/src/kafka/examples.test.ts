import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  CLASSES,
  emotionCodec,
  emotionId,
  emotionMessage,
  envelope,
  toEmotionMessage,
  type Emotion,
} from '@deadpan/shared';
import { applyTopics, createKafkaSender, TOPICS } from '@deadpan/shared/kafka';

import { startBroker, toolsEnvironment, type Broker } from '../../../infra/kafka/broker.mjs';
import { clientOf } from './kafka-under-test.js';

const run = promisify(execFile);
const example = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

const emotions: Emotion[] = Array.from({ length: 5 }, (_, i) => ({
  camera: 'door',
  epoch: 0,
  track: `t${i % 2}`,
  startUs: 1_800_000_000_000_000 + i * 1_000_000,
  endUs: 1_800_000_003_000_000 + i * 1_000_000,
  frames: 30,
  missed: 0,
  firstUs: 1_800_000_000_000_000 + i * 1_000_000,
  lastUs: 1_800_000_002_900_000 + i * 1_000_000,
  probabilities: CLASSES.map((_name, k) => (k === 1 ? 0.65 : 0.05)),
  expression: 'happiness',
  intensity: 0.4321,
  model: 'fer 1',
}));

let broker: Broker;
before(async () => {
  broker = await startBroker();
  const client = clientOf(broker, { topicPrefix: '' });
  await applyTopics(client, [TOPICS.emotions]);
  const sender = createKafkaSender({
    client,
    topic: TOPICS.emotions,
    codec: emotionCodec,
    source: '/deadpan/classify',
    deadLetters: () => Promise.reject(new Error('nothing is too large here')),
  });
  for (const value of [...emotions, ...emotions.slice(0, 2)])
    await sender.send(envelope({ key: value.camera, timeUs: value.endUs, value }));
  await sender.end();
});
after(() => broker.stop());

test('the kafkajs example prints each window once, though two were written twice', async () => {
  const { stdout } = await run(process.execPath, [
    example('consume-emotions.mjs'),
    '--brokers',
    broker.brokers.join(','),
    '--limit',
    '5',
  ]);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 5);
  assert.equal(new Set(lines).size, 5);
  assert.match(
    lines[0] ?? '',
    /^2027-01-15T08:\d\d:\d\d\.000Z {2}door {2}t[01] {2}happiness 65 % {2}intensity 0.4321$/,
  );
});

test("Kafka's own console tool shows keys, headers and JSON that follows the published schema", async () => {
  const { stdout } = await run(
    example('console-emotions.sh'),
    [broker.brokers.join(','), TOPICS.emotions.name, '7'],
    {
      env: { ...process.env, ...toolsEnvironment() },
    },
  );
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 7);
  const byKey = new Map<string, unknown>();
  for (const line of lines) {
    const [headers = '', key = '', json = ''] = line.split('\t');
    assert.match(
      headers,
      /ce_specversion:1\.0,ce_id:door\/t[01]\/\d+,ce_type:deadpan\.emotion\.v1,ce_source:\/deadpan\/classify/,
    );
    assert.match(headers, /traceparent:00-[0-9a-f]{32}-[0-9a-f]{16}-01/);
    byKey.set(key, emotionMessage.parse(JSON.parse(json)));
  }
  assert.deepEqual(
    Object.fromEntries(byKey),
    Object.fromEntries(emotions.map((emotion) => [emotionId(emotion), toEmotionMessage(emotion)])),
  );
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import {
  createTally,
  envelope,
  frameCodec,
  fork,
  runMapStage,
  ok,
  type EncodedFrame,
  type Envelope,
} from '@deadpan/shared';
import {
  createKafkaReceiver,
  createKafkaSender,
  pacedSender,
  runPerPartition,
  silentObserver,
  TOPICS,
  writeHeaders,
  type KafkaClient,
  type KafkaReceiver,
} from '@deadpan/shared/kafka';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { clientOf, committedOffsets, prepared, readAll, textCodec, TEXTS } from './kafka-under-test.js';

let broker: Broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker.stop());

const record = (value: string, timeUs = 0): Envelope<string> =>
  envelope({ key: value.split(':')[0] ?? '', timeUs, value });

async function sendTexts(client: KafkaClient, records: readonly Envelope<string>[], markEnd = false) {
  const sender = createKafkaSender({
    client,
    topic: TEXTS,
    codec: textCodec,
    source: '/deadpan/test',
    deadLetters: () => Promise.reject(new Error('nothing is too large here')),
    markEnd,
  });
  for (const one of records) await sender.send(one);
  await sender.end();
}

test('messages that are no records become one dead letter each, unchanged, and the partition goes on', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const topic = { ...TOPICS.frames, maxMessageBytes: 24 * 1024 * 1024 };
  const deadLetters = await prepared(client, topic);
  const frame: EncodedFrame = {
    camera: 'door',
    epoch: 0,
    sequence: 0,
    timeUs: 1000,
    width: 4,
    height: 4,
    imageWidth: 4,
    imageHeight: 4,
    jpeg: Uint8Array.from([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]),
  };
  const bytes = Buffer.from(frameCodec.encode(frame));
  const newer = Buffer.from(bytes);
  newer[1] = 9;
  const headers = writeHeaders({
    id: 'door/0/0',
    type: frameCodec.type,
    contentType: frameCodec.contentType,
    source: '/test',
    key: 'door',
    timeUs: 1000,
    traceId: 'b'.repeat(32),
  });
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 1] = 0;
  const poison = [
    { value: Buffer.from('garbage'), headers, error: /no deadpan.frame.v1/ },
    { value: newer, headers, error: /version is 9/ },
    { value: bytes.subarray(0, -3), headers, error: /ends within its JPEG/ },
    { value: damaged, headers, error: /JPEG is damaged/ },
    { value: Buffer.alloc(20 * 1024 * 1024, 7), headers, error: /another kind/ },
    { value: null, headers, error: /has no value/ },
    { value: bytes, headers: { who: 'knows' }, error: /no header ce_type/ },
  ];
  const producer = client.kafka.producer();
  await producer.connect();
  for (const [i, { value, headers: given }] of poison.entries()) {
    await producer.send({
      topic: client.named(topic.name),
      messages: [{ key: `key-${i}`, value, headers: { ...given } }],
    });
  }
  const good = createKafkaSender({
    client,
    topic,
    codec: frameCodec,
    source: '/test',
    deadLetters: deadLetters.sink,
    markEnd: true,
  });
  await good.send(envelope({ key: 'door', timeUs: 2000, value: { ...frame, sequence: 1 } }));
  await good.end();
  await producer.disconnect();

  const receiver = createKafkaReceiver({
    client,
    topic,
    codec: frameCodec,
    group: 'readers',
    deadLetters,
    untilEnd: true,
  });
  const seen: number[] = [];
  for await (const one of receiver) {
    seen.push(one.value.sequence);
    one.ack();
  }
  await receiver.close();
  await deadLetters.end();
  assert.deepEqual(seen, [1]);
  const letters = await readAll(client, TOPICS.deadLetter.name);
  assert.equal(letters.length, poison.length);
  for (const [i, { value, headers: given, error }] of poison.entries()) {
    const letter = letters[i];
    assert.ok(letter);
    assert.equal(letter.key, `key-${i}`);
    assert.ok(value === null ? letter.value === null : letter.value?.equals(value), `value ${i}`);
    for (const [name, text] of Object.entries(given)) assert.equal(letter.headers[name], text);
    assert.equal(letter.headers['deadpan_origin_topic'], client.named(topic.name));
    assert.equal(letter.headers['deadpan_origin_offset'], String(i));
    assert.equal(letter.headers['deadpan_stage'], 'readers');
    assert.equal(letter.headers['deadpan_error_code'], 'E_RECORD_INVALID');
    assert.match(letter.headers['deadpan_error_message'] ?? '', error);
  }
  assert.deepEqual(await committedOffsets(client, 'readers', topic.name), [poison.length + 1]);
});

test('an offset is committed once it and all before it are acked; a successor begins there', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const deadLetters = await prepared(client);
  await sendTexts(
    client,
    ['a:0', 'a:1', 'a:2', 'a:3'].map((text) => record(text)),
  );
  const options = { client, topic: TEXTS, codec: textCodec, group: 'g', deadLetters };
  const first = createKafkaReceiver(options);
  const held: Envelope<string>[] = [];
  for await (const one of first) {
    held.push(one);
    if (held.length === 4) break;
  }
  for (const i of [3, 1, 0]) held[i]?.ack();
  await first.close();
  assert.deepEqual(await committedOffsets(client, 'g', 'texts'), [2]);
  held[2]?.ack();

  const second = createKafkaReceiver(options);
  const again: string[] = [];
  for await (const one of second) {
    again.push(one.value);
    one.ack();
    if (again.length === 2) break;
  }
  await second.close();
  await deadLetters.end();
  assert.deepEqual(again, ['a:2', 'a:3']);
});

test('a full stage pauses the partition and is not thrown out of its group, however slow it is', async () => {
  const client = clientOf(broker, { partitions: 1, sessionTimeout: 2, inFlight: 4 });
  const deadLetters = await prepared(client);
  await sendTexts(
    client,
    Array.from({ length: 40 }, (_, i) => record(`a:${i}`)),
    true,
  );
  let joins = 0;
  const receiver = createKafkaReceiver({
    client,
    topic: TEXTS,
    codec: textCodec,
    group: 'g',
    deadLetters,
    untilEnd: true,
    observer: { ...silentObserver, joined: () => (joins += 1) },
  });
  const seen: string[] = [];
  const reader = receiver[Symbol.asyncIterator]();
  const held: Envelope<string>[] = [];
  for (let i = 0; i < 4; i += 1) {
    const next = await reader.next();
    if (next.done !== true) held.push(next.value);
  }
  // Over the session timeout, with four records in the works: what must not happen in this time has no event.
  const fifth = reader.next();
  const early = await Promise.race([fifth, setTimeout(3500, 'slow')]);
  assert.equal(early, 'slow');
  for (const one of held) {
    seen.push(one.value);
    one.ack();
  }
  for (let next = await fifth; next.done !== true; next = await reader.next()) {
    seen.push(next.value.value);
    next.value.ack();
  }
  await receiver.close();
  await deadLetters.end();
  assert.deepEqual(
    seen,
    Array.from({ length: 40 }, (_, i) => `a:${i}`),
  );
  assert.equal(joins, 1);
});

test('a successor rebuilds its state from a replay, and sends only what was not sent', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const sums = { ...TEXTS, name: 'sums' };
  const deadLetters = await prepared(client);
  await prepared(client, sums).then((unused) => unused.end());
  const at = (i: number): number => i * 1_000_000;

  /** Sends, for each record, the numbers of the last three seconds of its camera: a small sliding window. */
  async function runWindow(): Promise<{
    receiver: KafkaReceiver<string>;
    done: Promise<void>;
    replays: string[];
  }> {
    const replays: string[] = [];
    const receiver = createKafkaReceiver({
      client,
      topic: TEXTS,
      codec: textCodec,
      group: 'g',
      deadLetters,
      replaySeconds: 3,
      untilEnd: true,
    });
    const sender = createKafkaSender({
      client,
      topic: sums,
      codec: textCodec,
      source: '/test',
      deadLetters: deadLetters.sink,
    });
    const done = runPerPartition(receiver, async ({ from, guard }) => {
      const to = guard(sender);
      const last = new Map<string, string[]>();
      for await (const one of from) {
        const [key = '', number = ''] = one.value.split(':');
        const window = [...(last.get(key) ?? []), number].slice(-3);
        last.set(key, window);
        if (one.origin?.replay === true) replays.push(one.value);
        for (const child of fork(one, [`${key}:${window.join('+')}`])) await to.send(child);
      }
    }).then(() => sender.end());
    await receiver.start();
    return { receiver, done, replays };
  }

  const half = (from: number): Envelope<string>[] =>
    Array.from({ length: 6 }, (_, i) => [
      record(`a:${from + i}`, at(from + i)),
      record(`b:${from + i}`, at(from + i)),
    ]).flat();
  const first = await runWindow();
  await sendTexts(client, half(0));
  for (;;) {
    const written = await readAll(client, 'sums');
    if (written.length === 12) break;
  }
  await first.receiver.stop();
  await first.done;
  await first.receiver.close();
  assert.deepEqual(first.replays, []);

  await sendTexts(client, half(6), true);
  const second = await runWindow();
  await second.done;
  await second.receiver.close();
  await deadLetters.end();
  assert.deepEqual(second.replays, ['a:2', 'b:2', 'a:3', 'b:3', 'a:4', 'b:4', 'a:5', 'b:5']);
  const values = (await readAll(client, 'sums')).map(({ value }) => value?.toString());
  const expected = Array.from({ length: 12 }, (_, i) =>
    ['a', 'b'].map((key) => `${key}:${[i - 2, i - 1, i].filter((n) => n >= 0).join('+')}`),
  ).flat();
  assert.deepEqual(values, expected);
});

test(
  'the mark of the end ends the runs of partitions, though all before it was acked when it came',
  { timeout: 60_000 },
  async (t) => {
    const client = clientOf(broker, { partitions: 1 });
    const deadLetters = await prepared(client);
    const sender = createKafkaSender({
      ...{ client, topic: TEXTS, codec: textCodec, source: '/test', deadLetters: deadLetters.sink },
      markEnd: true,
    });
    const receiver = createKafkaReceiver({
      ...{ client, topic: TEXTS, codec: textCodec, group: 'g', deadLetters, untilEnd: true },
    });
    t.after(async () => {
      await receiver.close();
      await deadLetters.end();
    });
    const done = runPerPartition(receiver, async ({ from }) => {
      for await (const one of from) {
        one.ack();
        // A stage does other things before it asks for the next record.
        await new Promise(setImmediate);
      }
    });
    await receiver.start();
    await sender.send(record('a:0'));
    while (!(await committedOffsets(client, 'g', 'texts')).includes(1));
    await sender.end();
    await done;
  },
);

test('a record that was written twice is worked on once', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const deadLetters = await prepared(client);
  await sendTexts(client, [record('a:0'), record('a:1')]);
  await sendTexts(client, [record('a:1'), record('a:2')], true);
  const repeats: string[] = [];
  const receiver = createKafkaReceiver({
    client,
    topic: TEXTS,
    codec: textCodec,
    group: 'g',
    deadLetters,
    untilEnd: true,
    observer: { ...silentObserver, repeated: (topic) => repeats.push(topic) },
  });
  const seen: string[] = [];
  for await (const one of receiver) {
    seen.push(one.value);
    one.ack();
  }
  await receiver.close();
  await deadLetters.end();
  assert.deepEqual(seen, ['a:0', 'a:1', 'a:2']);
  assert.equal(repeats.length, 1);
});

test('replicas share the partitions: one joins, one leaves, nothing is lost and the order per key holds', async () => {
  const client = clientOf(broker, { partitions: 4, inFlight: 8 });
  const results = { ...TEXTS, name: 'results' };
  const deadLetters = await prepared(client);
  await prepared(client, results).then((unused) => unused.end());
  const copy = async function copy(records: readonly string[]) {
    await setTimeout(5);
    return records.map((text) => ok(text));
  };
  async function replica() {
    const receiver = createKafkaReceiver({ client, topic: TEXTS, codec: textCodec, group: 'g', deadLetters });
    const sender = createKafkaSender({
      client,
      topic: results,
      codec: textCodec,
      source: '/test',
      deadLetters: deadLetters.sink,
    });
    const done = runMapStage(
      copy,
      { from: receiver, to: sender, deadLetters: deadLetters.sink, observer: createTally() },
      { size: 4, maxDelayMs: 5, concurrency: 2 },
    );
    await receiver.start();
    return { receiver, done };
  }
  const leave = async (one: Awaited<ReturnType<typeof replica>>): Promise<void> => {
    await one.receiver.stop();
    await one.done;
    await one.receiver.close();
  };

  const cameras = Array.from({ length: 8 }, (_, i) => `camera-${i}`);
  const total = 150;
  const feeding = sendTexts(
    client,
    Array.from({ length: total }, (_, i) => cameras.map((camera) => record(`${camera}:${i}`))).flat(),
  );
  const one = await replica();
  const two = await replica();
  // The newcomer hears of its half first.
  while (one.receiver.partitions.length !== 2) await new Promise(setImmediate);
  assert.deepEqual([...one.receiver.partitions, ...two.receiver.partitions].sort(), [0, 1, 2, 3]);
  await feeding;
  await leave(one);
  const ids = new Set<string>();
  let written = await readAll(client, 'results');
  while (new Set(written.map(({ value }) => value?.toString())).size < total * cameras.length) {
    written = await readAll(client, 'results');
  }
  await leave(two);
  await deadLetters.end();
  const newest = new Map<string, number>();
  for (const { value } of written) {
    const text = value?.toString() ?? '';
    if (ids.has(text)) continue;
    ids.add(text);
    const [camera = '', number] = text.split(':');
    assert.equal(Number(number), (newest.get(camera) ?? -1) + 1, `order of ${camera}`);
    newest.set(camera, Number(number));
  }
  assert.equal(ids.size, total * cameras.length);
});

test('a record that waited for room until its sender had nothing to do is sent, and acked, before the end', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const deadLetters = await prepared(client);
  const sender = createKafkaSender({
    ...{ client, topic: TEXTS, codec: textCodec, source: '/test', deadLetters: deadLetters.sink },
    // Each record finds no room beside another.
    queueBytes: 1,
  });
  const acked: string[] = [];
  for (const value of ['a:0', 'a:1']) {
    await sender.send(envelope({ key: 'a', timeUs: 0, value, onAck: () => acked.push(value) }));
  }
  await sender.end();
  await deadLetters.end();
  assert.deepEqual(acked, ['a:0', 'a:1']);
  const written = await readAll(client, 'texts');
  assert.deepEqual(
    written.map(({ value }) => value?.toString()),
    acked,
  );
});

test('a sender keeps pace with the group that reads: it waits while that is behind, and goes on with its commits', async () => {
  const client = clientOf(broker, { partitions: 1 });
  const deadLetters = await prepared(client);
  const sender = createKafkaSender({
    ...{ client, topic: TEXTS, codec: textCodec, source: '/test', deadLetters: deadLetters.sink },
    markEnd: true,
  });
  const { signal } = new AbortController();
  const paced = pacedSender({ client, sender, topic: TEXTS, group: 'g', ahead: 10, signal });
  // What is replayed lies in the topic already: it counts for nothing.
  const origin = {
    topic: 'frames',
    partition: 0,
    offset: '0',
    key: null,
    value: null,
    headers: {},
    replay: true,
  };
  for (let i = 0; i < 40; i += 1) {
    await paced.send(envelope({ key: 'a', timeUs: 0, value: `a:${i}`, origin }));
  }
  let taken = 0;
  const feeding = (async () => {
    for (let i = 0; i < 40; i += 1) {
      await paced.send(record(`a:${i}`));
      taken += 1;
    }
    await paced.end();
  })();
  while (taken < 10) await setTimeout(20);
  // Nobody reads: what must not happen in this time has no event.
  const early = await Promise.race([feeding, setTimeout(2000, 'waits')]);
  assert.equal(early, 'waits');
  assert.equal(taken, 10);
  const receiver = createKafkaReceiver({
    ...{ client, topic: TEXTS, codec: textCodec, group: 'g', deadLetters, untilEnd: true },
  });
  const seen: string[] = [];
  for await (const one of receiver) {
    seen.push(one.value);
    one.ack();
  }
  await feeding;
  await receiver.close();
  await deadLetters.end();
  assert.deepEqual(
    seen,
    Array.from({ length: 40 }, (_, i) => `a:${i}`),
  );
});

test('records that are deleted before they are read are counted, and a sender sends no more of them until somebody reads', async (t) => {
  const client = clientOf(broker, { partitions: 1 });
  const deadLetters = await prepared(client);
  const sender = createKafkaSender({
    ...{ client, topic: TEXTS, codec: textCodec, source: '/test', deadLetters: deadLetters.sink },
    markEnd: true,
  });
  const giveUp = new AbortController();
  t.after(() => {
    giveUp.abort();
  });
  const paced = pacedSender({
    ...{ client, sender, topic: TEXTS, group: 'g', ahead: 10 },
    signal: giveUp.signal,
  });
  const feeding = (async () => {
    for (let i = 0; i < 30; i += 1) await paced.send(record(`a:${i}`));
    await paced.end();
  })();
  const admin = client.kafka.admin();
  await admin.connect();
  const topic = client.named(TEXTS.name);
  const high = async (): Promise<number> => Number((await admin.fetchTopicOffsets(topic))[0]?.high);
  // A topic that was just made has no leader for a moment.
  while ((await high().catch(() => 0)) < 10) await setTimeout(50);
  // What retention does to records that lie for too long.
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '10' }] });
  await setTimeout(2000);
  assert.equal(await high(), 10);

  // A reader that was there before the records were lost.
  await admin.setOffsets({ groupId: client.named('g'), topic, partitions: [{ partition: 0, offset: '4' }] });
  let lost = 0;
  const receiver = createKafkaReceiver({
    ...{ client, topic: TEXTS, codec: textCodec, group: 'g', deadLetters, untilEnd: true },
    observer: { ...silentObserver, lost: (_, records) => (lost += records) },
  });
  const seen: string[] = [];
  for await (const one of receiver) {
    seen.push(one.value);
    one.ack();
  }
  await feeding;
  await receiver.close();
  await deadLetters.end();
  await admin.disconnect();
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, i) => `a:${i + 10}`),
  );
  assert.equal(lost, 6);
});

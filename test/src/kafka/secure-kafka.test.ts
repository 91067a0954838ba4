import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DeadpanError, envelope } from '@deadpan/shared';
import {
  applyTopics,
  createDeadLetters,
  createKafkaClient,
  createKafkaReceiver,
  createKafkaSender,
  pacedSender,
  requireTopics,
  TOPICS,
  type KafkaClient,
} from '@deadpan/shared/kafka';
import kafkajs from 'kafkajs';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { clientOf, textCodec, TEXTS } from './kafka-under-test.js';

let broker: Broker;
let admin: KafkaClient;
before(async () => {
  broker = await startBroker({ profile: 'secure' });
  admin = as('admin');
  await applyTopics(admin, [TEXTS, TOPICS.deadLetter]);
});
after(() => broker.stop());

function as(user: 'admin' | 'deadpan' | 'reader', settings: Record<string, unknown> = {}): KafkaClient {
  return clientOf(broker, {
    tls: true,
    ca: broker.ca,
    username: user,
    password: broker.users?.[user],
    topicPrefix: '',
    partitions: 1,
    ...settings,
  });
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DeadpanError, String(error));
  assert.equal(error.code, 'E_BROKER_REFUSED');
  assert.match(error.message, pattern);
  return true;
};

async function sendOne(client: KafkaClient): Promise<void> {
  const sender = createKafkaSender({
    client,
    topic: TEXTS,
    codec: textCodec,
    source: '/test',
    deadLetters: () => Promise.resolve(),
    markEnd: true,
  });
  await sender.send(envelope({ key: 'a', timeUs: 0, value: 'a:0' }));
  await sender.end();
}

test('a wrong password, and a certificate that nobody vouches for, are refused in words', async () => {
  await assert.rejects(requireTopics(as('deadpan', { password: 'wrong' }), [TEXTS]), refused(/does not let/));
  const stranger = createKafkaClient({ ...as('deadpan').config, ca: '' }, admin.logger);
  await assert.rejects(requireTopics(stranger, [TEXTS]), (error) => {
    assert.ok(error instanceof DeadpanError);
    assert.equal(error.code, 'E_LINK');
    return true;
  });
});

test('what no rule allows is refused, and what one allows is done', async () => {
  await assert.rejects(sendOne(as('deadpan')), refused(/write to texts/));
  const { AclResourceTypes, AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } = kafkajs;
  const rule = (
    user: string,
    resourceType: kafkajs.AclResourceTypes,
    resourceName: string,
    operation: kafkajs.AclOperationTypes,
  ) => ({
    resourceType,
    resourceName,
    operation,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
  });
  const operator = admin.kafka.admin();
  await operator.connect();
  await operator.createAcls({
    acl: [
      rule('deadpan', AclResourceTypes.TOPIC, 'texts', AclOperationTypes.WRITE),
      rule('reader', AclResourceTypes.TOPIC, 'texts', AclOperationTypes.READ),
      rule('reader', AclResourceTypes.GROUP, 'readers', AclOperationTypes.READ),
    ],
  });
  await operator.disconnect();
  await sendOne(as('deadpan'));
  await assert.rejects(sendOne(as('reader')), refused(/write to texts/));

  const reader = as('reader');
  const read = async (group: string): Promise<string[]> => {
    const deadLetters = createDeadLetters(reader);
    const receiver = createKafkaReceiver({
      client: reader,
      topic: TEXTS,
      codec: textCodec,
      group,
      deadLetters,
      untilEnd: true,
    });
    const seen: string[] = [];
    try {
      for await (const one of receiver) {
        seen.push(one.value);
        one.ack();
      }
    } finally {
      await receiver.close();
      await deadLetters.end();
    }
    return seen;
  };
  assert.deepEqual(await read('readers'), ['a:0']);
  await assert.rejects(read('strangers'), refused(/read texts as strangers/));
});

test(
  'a sender that may not see how far its readers are says so and does not wait for ever',
  { timeout: 60_000 },
  async () => {
    const client = as('deadpan');
    const sender = createKafkaSender({
      ...{ client, topic: TEXTS, codec: textCodec, source: '/test' },
      deadLetters: () => Promise.resolve(),
    });
    const { signal } = new AbortController();
    const paced = pacedSender({ client, sender, topic: TEXTS, group: 'hidden', ahead: 10, signal });
    const send = (text: string) => paced.send(envelope({ key: 'a', timeUs: 0, value: text }));
    await Promise.all(
      ['a:1', 'a:2'].map((text) => assert.rejects(send(text), refused(/read the offsets of hidden/))),
    );
    await paced.end();
  },
);

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DeadpanError } from '@deadpan/shared';
import { applyTopics, createKafkaClient, requireTopics, TOPICS, withAdmin } from '@deadpan/shared/kafka';
import kafkajs from 'kafkajs';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { clientOf } from './kafka-under-test.js';

let broker: Broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker.stop());

const isError = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DeadpanError);
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

test('topics are created as laid out, left alone the second time, and mended where they differ', async () => {
  const client = clientOf(broker, { partitions: 3 });
  await assert.rejects(requireTopics(client, [TOPICS.frames]), isError('E_TOPIC', /has no topic .*frames/));
  const created = await applyTopics(client);
  assert.deepEqual(new Set(created.map(({ state }) => state)), new Set(['created']));
  assert.equal(created.length, Object.keys(TOPICS).length);
  await requireTopics(client, Object.values(TOPICS));
  const again = await applyTopics(client);
  assert.deepEqual(new Set(again.map(({ state }) => state)), new Set(['unchanged']));

  const admin = client.kafka.admin();
  await admin.connect();
  const name = client.named(TOPICS.emotions.name);
  const set = (entries: Record<string, string>) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name,
          configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value })),
        },
      ],
    });
  async function settings(): Promise<Map<string, string>> {
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
    });
    return new Map(described.resources[0]?.configEntries.map((e) => [e.configName, e.configValue]));
  }
  await set({ 'retention.ms': '1000', 'compression.type': 'gzip' });
  // The broker hears of it from its controller a moment later.
  while ((await settings()).get('retention.ms') !== '1000') await new Promise(setImmediate);
  const mended = await applyTopics(client);
  const emotions = mended.find((topic) => topic.name === name);
  assert.equal(emotions?.state, 'changed');
  assert.ok(emotions.changes.includes('retention.ms: 1000 -> 604800000'));
  while ((await settings()).get('retention.ms') === '1000') await new Promise(setImmediate);
  const now = await settings();
  assert.equal(now.get('cleanup.policy'), 'compact,delete');
  assert.equal(now.get('compression.type'), 'gzip', "an operator's own setting stays");
  await admin.disconnect();
});

test('another number of partitions is refused, for records would change theirs', async () => {
  const client = clientOf(broker, { partitions: 2 });
  await applyTopics(client, [TOPICS.status]);
  const more = createKafkaClient({ ...client.config, partitions: 4 }, client.logger);
  await assert.rejects(applyTopics(more, [TOPICS.status]), isError('E_TOPIC', /has 2 partitions/));
});

test('more copies than there are brokers are refused in words', async () => {
  const client = clientOf(broker, { replication: 3 });
  await assert.rejects(applyTopics(client), isError('E_TOPIC', /Too few brokers run for 3 copies/));
});

// The last one: it takes the broker away.
test('a broker that goes away in the middle of a question is said so in words', async () => {
  const ask = withAdmin(clientOf(broker), 'list topics', async (admin) => {
    await broker.kill();
    return admin.listTopics();
  });
  await assert.rejects(ask, isError('E_LINK', /^Kafka failed to list topics: .+\.$/));
});

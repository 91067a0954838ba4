import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { applyTopics, TOPICS, type KafkaClient } from '@deadpan/shared/kafka';
import kafkajs, { type AclEntry } from 'kafkajs';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { CLIP } from '../analyze/command-line.js';
import { clientOf, readAll } from './kafka-under-test.js';
import { prepareServices, type ServiceProcess, type ServicesUnderTest } from './services-under-test.js';

/* The list of cameras on a real broker that refuses, or does not get, what is put there. */

let broker: Broker;
before(async () => {
  broker = await startBroker({ profile: 'secure' });
});
after(() => broker.stop());

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const TOKEN = 'tokenOfAnOperator';
/** Address of a camera that is not there: whoever is fed by it keeps trying. */
const NOBODY = 'rtsp://127.0.0.1:9/live';
const CAMERA = { name: 'door', address: CLIP, fps: 1 };

/** Topics of its own, made by the administrator. */
function administrator(): KafkaClient {
  return clientOf(broker, {
    ...{ tls: true, ca: broker.ca, username: 'admin', password: broker.users?.admin },
    partitions: 1,
  });
}

/** Services that come as a user of whom the broker knows only what `rules` say; or as the administrator. */
function servicesOf(
  client: KafkaClient,
  user: 'admin' | 'deadpan',
  cameras: readonly object[],
  behind = 0,
): Promise<ServicesUnderTest> {
  const { config } = client;
  const kafka = {
    ...{ ...config, username: user, password: broker.users?.[user] },
    ca: `file:${broker.caFile ?? ''}`,
  };
  const feed = { tokens: [{ token: TOKEN, role: 'operator' }] };
  return prepareServices(client, { kafka, ingest: { maxSide: 64 }, feed, cameras }, behind);
}

/** What the user `deadpan` may do with all topics, or groups, whose names begin like this. */
const rule = (
  resourceType: kafkajs.AclResourceTypes,
  resourceName: string,
  operation: kafkajs.AclOperationTypes,
): AclEntry => ({
  ...{ resourceType, resourceName, operation, resourcePatternType: ResourcePatternTypes.PREFIXED },
  ...{ principal: 'User:deadpan', host: '*', permissionType: AclPermissionTypes.ALLOW },
});

async function administer(
  client: KafkaClient,
  work: (admin: kafkajs.Admin) => Promise<unknown>,
): Promise<void> {
  const admin = client.kafka.admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

const setTopic = (client: KafkaClient, setting: string, value: string): Promise<void> =>
  administer(client, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: client.named(TOPICS.cameras.name),
          configEntries: [{ name: setting, value }],
        },
      ],
    }),
  );

/** Puts a camera on the list, as an operator does. */
async function post(feed: ServiceProcess, address = NOBODY): Promise<Response> {
  return fetch(`${await feed.url}/v1/cameras`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'door', address }),
  });
}

/** What an operator's client is told: that its request cannot be, or that Kafka is at fault, and never that the feed is. */
const STATUSES = { E_RECORD_INVALID: 400, E_BROKER_REFUSED: 502, E_LINK: 503 };

async function assertAnswers(answer: Response, code: keyof typeof STATUSES, detail: RegExp): Promise<void> {
  const problem = (await answer.json()) as { readonly code: string; readonly detail: string };
  assert.equal(problem.code, code);
  assert.match(problem.detail, detail);
  assert.equal(answer.status, STATUSES[code]);
}

test(
  'who may not write the list is told so, and needs no restart once it may',
  { timeout: 60_000 },
  async (t) => {
    const client = administrator();
    const { topicPrefix } = client.config;
    await applyTopics(client);
    await administer(client, (admin) =>
      admin.createAcls({
        acl: [
          rule(AclResourceTypes.TOPIC, topicPrefix, AclOperationTypes.READ),
          rule(AclResourceTypes.GROUP, topicPrefix, AclOperationTypes.READ),
        ],
      }),
    );
    const services = await servicesOf(client, 'deadpan', [CAMERA]);
    t.after(() => services.close());
    const feed = services.start('feed', '--listen', '127.0.0.1:0');
    await feed.ready;
    const refused = /Kafka does not let this program write to .*cameras/;
    await assertAnswers(await post(feed), 'E_BROKER_REFUSED', refused);
    const ingest = services.start('ingest', '--listen', '127.0.0.1:0');
    assert.equal(await ingest.ended, 2, ingest.said());
    assert.match(ingest.said(), refused);

    await administer(client, (admin) =>
      admin.createAcls({
        acl: [rule(AclResourceTypes.TOPIC, client.named(TOPICS.cameras.name), AclOperationTypes.WRITE)],
      }),
    );
    assert.equal((await post(feed)).status, 201);
  },
);

test('a camera that the list has no room for is not said to be on it', { timeout: 60_000 }, async (t) => {
  const client = administrator();
  const services = await servicesOf(client, 'admin', []);
  t.after(() => services.close());
  await setTopic(client, 'max.message.bytes', '1000');
  const feed = services.start('feed', '--listen', '127.0.0.1:0');
  await feed.ready;
  const address = `rtsp://127.0.0.1/${'x'.repeat(1000)}`;
  await assertAnswers(await post(feed, address), 'E_RECORD_INVALID', /"door".* is larger than .*cameras/);
  // The name is not taken.
  assert.equal((await post(feed)).status, 201);
});

test(
  'the password of a camera that was removed does not stay on the list',
  { timeout: 60_000 },
  async (t) => {
    const client = administrator();
    const services = await servicesOf(client, 'admin', []);
    t.after(() => services.close());
    const feed = services.start('feed', '--listen', '127.0.0.1:0');
    await feed.ready;
    const newest = async (): Promise<string> =>
      String((await readAll(client, TOPICS.cameras.name)).findLast(({ key }) => key === 'door')?.value);
    assert.equal((await post(feed, 'rtsp://viewer:hunter2@127.0.0.1:9/live')).status, 201);
    assert.match(await newest(), /hunter2/);
    const removed = await fetch(`${await feed.url}/v1/cameras/door`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(removed.status, 204);
    // Compaction keeps this line for ever, and no other of the camera.
    assert.match(await newest(), /"address":"rtsp:\/\/127\.0\.0\.1:9\/live".*"removed":true/);
    assert.doesNotMatch(await newest(), /viewer|hunter2/);
  },
);

test('what the broker does not take keeps no process that is told to end', { timeout: 60_000 }, async (t) => {
  const client = administrator();
  const services = await servicesOf(client, 'admin', [CAMERA], 3_600_000);
  t.after(() => services.close());
  // To the broker every record is too old, and the sender tries again and again, as when the broker is away.
  await setTopic(client, 'message.timestamp.before.max.ms', '60000');
  const feed = services.start('feed', '--listen', '127.0.0.1:0');
  await feed.ready;
  const answer = post(feed);
  const ingest = services.start('ingest', '--listen', '127.0.0.1:0');
  const all = [feed, ingest];
  await Promise.all(all.map(({ says }) => says('A send failed')));
  for (const { child } of all) child.kill('SIGTERM');
  await assertAnswers(await answer, 'E_LINK', /is not written/);
  for (const { ended, said } of all) assert.equal(await ended, 0, said());
});

test('who may not read the list any more ends with one sentence', { timeout: 60_000 }, async (t) => {
  const client = administrator();
  const { topicPrefix } = client.config;
  await applyTopics(client);
  const readTopics = rule(AclResourceTypes.TOPIC, topicPrefix, AclOperationTypes.READ);
  await administer(client, (admin) =>
    admin.createAcls({
      acl: [
        readTopics,
        rule(AclResourceTypes.GROUP, topicPrefix, AclOperationTypes.READ),
        rule(AclResourceTypes.TOPIC, topicPrefix, AclOperationTypes.WRITE),
      ],
    }),
  );
  const services = await servicesOf(client, 'deadpan', [CAMERA]);
  t.after(() => services.close());
  const ingest = services.start('ingest', '--listen', '127.0.0.1:0');
  await ingest.ready;
  await administer(client, (admin) => admin.deleteAcls({ filters: [readTopics] }));
  assert.equal(await ingest.ended, 2, ingest.said());
  assert.match(
    ingest.said(),
    /^deadpan: Kafka does not let this program read .*cameras.* \(E_BROKER_REFUSED\)$/m,
  );
  assert.doesNotMatch(ingest.said(), /^ +at /m);
});

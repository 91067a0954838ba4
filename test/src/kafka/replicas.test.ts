import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { expressionCodec, expressionMessage } from '@deadpan/shared';
import { TOPICS, type KafkaClient } from '@deadpan/shared/kafka';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { CLIP } from '../analyze/command-line.js';
import { clientOf, readAll } from './kafka-under-test.js';
import { watchPartitions } from './served-partitions.js';
import { prepareServices, until, type ServiceProcess } from './services-under-test.js';

/*
 * Two replicas of each stage between four cameras and the windows: one joins, one leaves, one is killed. REPLICAS=all does
 * each of these to each stage, with the session timeout that services have by default; it takes some minutes.
 */

let broker: Broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker.stop());

const ALL = process.env['REPLICAS'] === 'all';
const CAMERAS = ['door', 'hall', 'yard', 'roof'];
const STAGES = ['align', 'normalize', 'classify'] as const;
const LONGEST_WAIT_SECONDS = 15;

/** Resolves once every camera has an expression that the broker got after this call. */
async function expressionsOfAll(client: KafkaClient): Promise<void> {
  const missing = new Set(CAMERAS);
  await until(client, TOPICS.expressions, expressionCodec, Date.now(), ({ camera }) => {
    missing.delete(camera);
    return missing.size === 0;
  });
}

/** Records of which a later one of the same key came before; repeats of the same id do not count. */
async function outOfOrder(client: KafkaClient): Promise<{ records: number; wrong: string[] }> {
  const newest = new Map<string, [number, number]>();
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { key, value, headers } of await readAll(client, TOPICS.expressions.name)) {
    const id = headers['ce_id'] ?? '';
    if (key === null || value === null || seen.has(id)) continue;
    seen.add(id);
    const { epoch, sequence } = expressionMessage.parse(JSON.parse(value.toString()));
    const [lastEpoch, last] = newest.get(key) ?? [-1, -1];
    if (epoch < lastEpoch || (epoch === lastEpoch && sequence <= last)) wrong.push(id);
    else newest.set(key, [epoch, sequence]);
  }
  return { records: seen.size, wrong };
}

test('replicas join, leave and are killed: every partition is worked on, and the order of each track holds', async (t) => {
  const client = clientOf(broker, { partitions: 4, sessionTimeout: ALL ? 10 : 4 });
  const services = await prepareServices(client, {
    ingest: { maxSide: 320 },
    cameras: CAMERAS.map((name) => ({ name, address: CLIP, fps: 2 })),
  });
  const replicas = new Map<string, ServiceProcess[]>();
  const join = async (stage: string): Promise<void> => {
    const service = services.start(stage);
    replicas.set(stage, [...(replicas.get(stage) ?? []), service]);
    await service.ready;
  };
  const leave = async (stage: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const [service, ...others] = replicas.get(stage) ?? [];
    assert.ok(service);
    replicas.set(stage, others);
    service.child.kill(signal);
    assert.equal(await service.ended, signal === 'SIGTERM' ? 0 : null, service.said());
  };
  const events = [
    (stage: string) => join(stage),
    (stage: string) => leave(stage, 'SIGTERM'),
    (stage: string) => leave(stage, 'SIGKILL').then(() => join(stage)),
  ];
  try {
    const ingest = services.start('ingest');
    await Promise.all([ingest.ready, ...[...STAGES, ...STAGES].map(join)]);
    await expressionsOfAll(client);
    const watched = await watchPartitions(client, [
      { group: 'deadpan.align', topic: TOPICS.frames },
      { group: 'deadpan.normalize', topic: TOPICS.faces },
      { group: 'deadpan.classify', topic: TOPICS.pairs },
    ]);
    for (const [i, stage] of STAGES.entries()) {
      for (const [k, event] of events.entries()) {
        if (!ALL && k !== (i + 2) % STAGES.length) continue;
        await event(stage);
        await expressionsOfAll(client);
      }
    }
    for (const { group, partition, seconds } of await watched()) {
      t.diagnostic(`${group}: the longest wait was ${seconds.toFixed(1)} s, in partition ${partition}`);
      assert.ok(seconds <= LONGEST_WAIT_SECONDS, `${group} ${partition}: ${seconds} s`);
    }
    const { records, wrong } = await outOfOrder(client);
    t.diagnostic(`${records} faces classified, ${wrong.length} out of order`);
    assert.deepEqual(wrong, []);
  } finally {
    await services.close();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createKafkaMetrics } from '@deadpan/shared/kafka';
import { Registry } from 'prom-client';

import { watchBroker } from './broker-watch.js';

test('a broker is away from the first thing that fails to the first that succeeds, and everything is still counted', async () => {
  const registry = new Registry();
  const broker = watchBroker(createKafkaMetrics(registry));
  assert.equal(broker.isAway, false);
  for (const fails of ['sendFailed', 'crashed'] as const) {
    for (const succeeds of [
      () => {
        broker.observer.sent('frames', 2);
      },
      () => {
        broker.observer.read('frames', 0, 3);
      },
      () => {
        broker.observer.joined('frames', 1);
      },
    ]) {
      broker.observer[fails]('frames');
      broker.observer.repeated('frames');
      assert.equal(broker.isAway, true);
      succeeds();
      assert.equal(broker.isAway, false);
    }
  }
  const text = await registry.metrics();
  assert.match(text, /^deadpan_kafka_send_failures_total\{topic="frames"\} 3$/m);
  assert.match(text, /^deadpan_kafka_sent_total\{topic="frames"\} 4$/m);
  assert.match(text, /^deadpan_kafka_read_total\{topic="frames"\} 2$/m);
  assert.match(text, /^deadpan_kafka_repeats_total\{topic="frames"\} 6$/m);
});

test('one topic’s lag is forgotten when its group meets anew, and no other’s', async () => {
  const registry = new Registry();
  const { observer } = watchBroker(createKafkaMetrics(registry));
  observer.read('frames', 0, 5);
  observer.read('faces', 1, 7);
  observer.joined('frames', 1);
  const text = await registry.metrics();
  assert.doesNotMatch(text, /lag_records\{topic="frames"/);
  assert.match(text, /^deadpan_kafka_lag_records\{topic="faces",partition="1"\} 7$/m);
});

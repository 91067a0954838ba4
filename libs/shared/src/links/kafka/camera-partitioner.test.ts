import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import type { PartitionMetadata } from 'kafkajs';

import { cameraPartitioner } from './camera-partitioner.js';

const partitions = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

test('all records of a camera fall into one partition, whatever their keys are', () => {
  const partitionOf = cameraPartitioner();
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.array(fc.string(), { minLength: 2 }),
      fc.integer({ min: 1, max: 50 }),
      (camera, keys, count) => {
        const found = keys.map((key) =>
          partitionOf({
            topic: 't',
            partitionMetadata: partitions(count),
            message: { key, value: null, headers: { ce_subject: camera } },
          }),
        );
        assert.equal(new Set(found).size, 1);
        assert.ok((found[0] ?? -1) >= 0 && (found[0] ?? -1) < count);
      },
    ),
  );
});

test('the hash is that of the Java client, so that other programs find a camera where we put it', () => {
  // org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own UtilsTest.
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
  ];
  for (const [camera, hash] of known) {
    const partition = cameraPartitioner()({
      topic: 't',
      partitionMetadata: partitions(12),
      message: { key: 'k', value: null, headers: { ce_subject: camera } },
    });
    assert.equal(partition, (hash & 0x7fffffff) % 12);
  }
});

test('a partition that was asked for is kept', () => {
  const message = { partition: 3, key: 'k', value: null, headers: {} };
  assert.equal(cameraPartitioner()({ topic: 't', partitionMetadata: partitions(12), message }), 3);
});

import { alignConfig } from '@deadpan/align';
import { ingestConfig } from '@deadpan/ingest/config';
import { windowConfig } from '@deadpan/classify';
import { feedConfig } from '@deadpan/feed/config';
import { DEVICES } from '@deadpan/nets';
import { kafkaConfig } from '@deadpan/shared/kafka-config';
import { z } from 'zod';

import { camerasConfig } from './live/camera-config.js';
import { serviceConfig } from './services/service-config.js';

/** How inference is run. */
const inferenceConfig = z.strictObject({
  device: z
    .enum(DEVICES)
    .default('auto')
    .describe('What runs the networks: onnxruntime on a device, or tfjs: native TensorFlow.'),
  workers: z.int().min(0).max(256).default(0).describe('Worker threads; 0: one a core, or one for a GPU.'),
  batchSize: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Most faces in one call of a network; doctor --tune says what is fastest.')
    .meta({ unit: 'faces' }),
  batchDelay: z
    .number()
    .min(0)
    .max(10_000)
    .default(100)
    .describe('Longest wait of a face for others to share its call.')
    .meta({ unit: 'ms' }),
  liveBatchDelay: z
    .number()
    .min(0)
    .max(10_000)
    .default(15)
    .describe('The same for faces of cameras, whose results must not be late.')
    .meta({ unit: 'ms' }),
});

/** Every option of Deadpan, each declared by the part that it belongs to. */
export const deadpanConfig = z.strictObject({
  ingest: ingestConfig.prefault({}),
  align: alignConfig.prefault({}),
  inference: inferenceConfig.prefault({}),
  window: windowConfig.prefault({}),
  kafka: kafkaConfig.prefault({}),
  feed: feedConfig.prefault({}),
  service: serviceConfig.prefault({}),
  cameras: camerasConfig,
});

/** The effective configuration. */
export type DeadpanConfig = z.output<typeof deadpanConfig>;

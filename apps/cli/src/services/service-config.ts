import { z } from 'zod';

/** Options of `deadpan service`. */
export const serviceConfig = z.strictObject({
  frames: z
    .enum(['jpeg', 'raw'])
    .default('jpeg')
    .describe(
      'How frames cross Kafka: as JPEG, or raw, to the last bit and some twenty times as large (a picture must fit into 4 MiB then).',
    ),
  jpegQuality: z.int().min(1).max(100).default(90).describe('Quality of these JPEGs.'),
});

/** Options of `deadpan service`. */
export type ServiceConfig = z.output<typeof serviceConfig>;

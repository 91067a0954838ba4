import { z } from 'zod';

/** No frame of a camera has more pixels than this, whatever is allowed of files: many are decoded at a time. */
export const CAMERA_PIXELS = 16_777_216;

/** Options of the ingest stage. */
export const ingestConfig = z.strictObject({
  fps: z
    .number()
    .positive()
    .max(1000)
    .nullable()
    .default(null)
    .describe('Analysed frames a second, sampled by time; null: every frame.')
    .meta({ unit: 'frames/s' }),
  maxSide: z
    .int()
    .min(64)
    .max(8192)
    .default(1280)
    .describe(
      'Longest side of the pixels that are analysed; larger frames are scaled down, smaller ones never up.',
    )
    .meta({ unit: 'px' }),
  maxPixels: z
    .int()
    .min(4096)
    .max(268_435_456)
    .default(36_000_000)
    .describe(
      `Frames with more pixels than this are refused undecoded; the default lets 8192 x 4320 pass. Of cameras: ${CAMERA_PIXELS} at most.`,
    )
    .meta({ unit: 'px' }),
});

/** Options of the ingest stage. */
export type IngestConfig = z.infer<typeof ingestConfig>;

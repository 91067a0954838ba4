import { z } from 'zod';

/** Options of the align stage. */
export const alignConfig = z.strictObject({
  keyFrameInterval: z
    .number()
    .min(0)
    .max(60)
    .default(0.4)
    .describe(
      'Time from one search for faces in the whole frame to the next; faces that are known are followed in between.',
    )
    .meta({ unit: 's' }),
  detectionSize: z
    .int()
    .min(96)
    .max(2048)
    .default(384)
    .describe('Longer side of the frame when it is searched: larger finds smaller faces and takes longer.')
    .meta({ unit: 'px' }),
  minimumScore: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.5)
    .describe('Confidence of the detector from which on a new face is taken for one.'),
  longestGap: z
    .number()
    .min(0)
    .max(60)
    .default(2)
    .describe(
      'How long a face may be out of sight and still be the same track, where frames were analysed meanwhile.',
    )
    .meta({ unit: 's' }),
  mostFaces: z
    .int()
    .min(1)
    .max(1000)
    .default(32)
    .describe('Most faces of a frame that are followed; the surest count.'),
});

/** Options of the align stage. */
export type AlignConfig = z.infer<typeof alignConfig>;

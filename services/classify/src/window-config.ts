import { z } from 'zod';

/** Options of the window stage. */
export const windowConfig = z.strictObject({
  size: z
    .number()
    .positive()
    .max(3600)
    .default(1)
    .describe('Length of a sliding window.')
    .meta({ unit: 's' }),
  hop: z
    .number()
    .positive()
    .max(3600)
    .default(0.5)
    .describe('Time from one window to the next; at most the length.')
    .meta({ unit: 's' }),
  grace: z
    .number()
    .min(0)
    .max(60)
    .default(0.5)
    .describe('How long a window waits for late frames after its end.')
    .meta({ unit: 's' }),
  silence: z
    .number()
    .positive()
    .max(3600)
    .default(10)
    .describe(
      'How long nothing may come of a live camera before its open windows are closed: longer than a link between services may lag.',
    )
    .meta({ unit: 's' }),
});

/** Options of the window stage. */
export type WindowConfig = z.infer<typeof windowConfig>;

/** What windows are, in event time. */
export type WindowTimes = Omit<WindowConfig, 'silence'>;

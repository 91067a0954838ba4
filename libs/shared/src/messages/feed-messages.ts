import { z } from 'zod';

import { CLASSES } from '../contracts/index.js';
import { emotionMessage, expressionMessage, statusMessage } from './public-messages.js';

/** The first message of a connection. */
export const helloMessage = z
  .object({
    type: z.literal('hello'),
    at: z.iso.datetime({ precision: 3 }),
    version: z.string().describe('Version of Deadpan.'),
    cameras: z.array(z.string()).describe('The cameras that this client may see.'),
    classes: z.array(z.enum(CLASSES)),
    window: z.object({ size: z.number(), hop: z.number() }).describe('The sliding window, in seconds.'),
  })
  .meta({ title: 'Hello' });

/** How much a slow client missed. */
export const gapMessage = z
  .object({
    type: z.literal('gap'),
    at: z.iso.datetime({ precision: 3 }),
    missed: z
      .int()
      .positive()
      .describe('Messages that were replaced by newer ones before this client read them.'),
  })
  .meta({ title: 'Gap' });

/** What was wrong with a client's message. */
export const errorMessage = z
  .object({
    type: z.literal('error'),
    at: z.iso.datetime({ precision: 3 }),
    code: z.string(),
    message: z.string().describe('What was wrong and what to do.'),
  })
  .meta({ title: 'Error' });

/** The kinds of messages that a client may subscribe to. */
export const SUBSCRIBABLE = ['emotion', 'expression', 'status'] as const;

/** What a client may say. Left out: all cameras; `emotion` and `status`. */
export const clientMessage = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('subscribe'),
      types: z.array(z.enum(SUBSCRIBABLE)).optional(),
      cameras: z.array(z.string()).max(1000).optional(),
    }),
    z.strictObject({
      type: z.literal('unsubscribe'),
      types: z.array(z.enum(SUBSCRIBABLE)).optional(),
      cameras: z.array(z.string()).max(1000).optional(),
    }),
  ])
  .meta({ title: 'ClientMessage' });

/** Everything that a server may say. */
export const serverMessage = z.discriminatedUnion('type', [
  helloMessage,
  emotionMessage,
  expressionMessage,
  statusMessage,
  gapMessage,
  errorMessage,
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type ServerMessage = z.infer<typeof serverMessage>;

import { z } from 'zod';

/** Characters that may stand in a WebSocket subprotocol, so that `bearer.TOKEN` is one. */
const TOKEN = /^[A-Za-z0-9._~+-]{16,256}$/;

/** One token: who holds it may do what, with which cameras. */
const accessToken = z.strictObject({
  token: z
    .string()
    .regex(TOKEN, 'a token has 16 to 256 letters, digits or . _ ~ + -')
    .describe('The secret. Keep it outside the file: ${NAME} or file:PATH.')
    .meta({ secret: true }),
  role: z
    .enum(['viewer', 'operator'])
    .describe('A viewer reads; an operator also adds, edits and removes cameras.'),
  cameras: z
    .array(z.string().min(1))
    .optional()
    .describe('The only cameras that this token may see. Left out: all.'),
});

/** Options of the feed: the WebSocket, the HTTP surface, the dashboard and the history. */
export const feedConfig = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):\d{1,5}$/, 'expected HOST:PORT, e.g. 127.0.0.1:8080 or [::1]:8080')
    .refine(
      (listen) => Number(listen.slice(listen.lastIndexOf(':') + 1)) <= 65_535,
      'the port must be 0 to 65535',
    )
    .default('127.0.0.1:8080')
    .describe(
      'Address and port of the feed. Any other than a loopback address needs tokens. Port 0: any free one.',
    ),
  tokens: z
    .array(accessToken)
    .default([])
    .describe(
      'Who may read and who may operate. Without tokens, whoever reaches the loopback address may do all.',
    ),
  origins: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe(
      'Web origins besides its own whose pages may open its WebSocket, e.g. https://wall.example. HTTP sends them no CORS header.',
    ),
  pixels: z
    .enum(['off', 'faces', 'frames'])
    .default('off')
    .describe(
      'What pictures the feed may show: none, the aligned faces with their neutral references, or whole frames too.',
    ),
  pictureSeconds: z
    .number()
    .min(1)
    .max(600)
    .default(30)
    .describe(
      'How long pictures stay in memory; they are never written. The newest of a camera stays until its next.',
    )
    .meta({ unit: 's' }),
  aggregatesOnly: z
    .boolean()
    .default(false)
    .describe('Publish and keep only the mean over all people of a camera, nothing of a single person.'),
  aggregateMinimum: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('With aggregatesOnly: windows with fewer people than this are not published.')
    .meta({ unit: 'people' }),
  notice: z
    .string()
    .max(500)
    .default('Cameras shown here analyse facial expressions. Tell everybody who may be seen by them.')
    .describe('The banner of the dashboard.'),
  compress: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('Compression of WebSocket messages over 1 KiB. auto: for clients on other machines.'),
  trackSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(10)
    .describe('How long after its last window a person counts as present.')
    .meta({ unit: 's' }),
  remoteSchemes: z
    .array(z.string().regex(/^[a-z][a-z0-9+.-]*$/))
    .default(['rtsp', 'rtsps', 'http', 'https'])
    .describe(
      'Schemes of the addresses that may be probed and added over HTTP. Files and devices are not among them.',
    ),
  history: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Keep windows, so that they can be looked up later.'),
      file: z
        .string()
        .default('')
        .describe('SQLite file that keeps them. Empty: in memory, gone when the program ends.'),
      retention: z
        .number()
        .positive()
        .max(87_600)
        .default(24)
        .describe('Age at which windows are deleted for good.')
        .meta({ unit: 'h' }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      clients: z.int().min(1).max(100_000).default(500).describe('WebSocket clients at a time.'),
      messageBytes: z
        .int()
        .min(1024)
        .max(16_777_216)
        .default(65_536)
        .describe('Largest message or request body that a client may send.')
        .meta({ unit: 'bytes' }),
      messagesPerSecond: z
        .number()
        .positive()
        .max(10_000)
        .default(20)
        .describe('WebSocket messages a client may send, averaged over seconds.')
        .meta({ unit: '1/s' }),
      requestsPerSecond: z
        .number()
        .positive()
        .max(100_000)
        .default(200)
        .describe(
          'HTTP requests that one address may send with a valid token, and as many without one, averaged over seconds.',
        )
        .meta({ unit: '1/s' }),
      bufferedBytes: z
        .int()
        .min(1024)
        .max(16_777_216)
        .default(262_144)
        .describe('What may wait in the socket of a slow client before newer messages replace older ones.')
        .meta({ unit: 'bytes' }),
      backlog: z
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe('Tracks and cameras whose newest message waits for a slow client.'),
      ping: z
        .number()
        .min(0.05)
        .max(600)
        .default(20)
        .describe('Time between pings; a client that answers none until the next is disconnected.')
        .meta({ unit: 's' }),
    })
    .prefault({}),
});

/** Options of the feed. */
export type FeedConfig = z.infer<typeof feedConfig>;

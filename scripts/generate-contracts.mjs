// Writes docs/reference/asyncapi.yaml and docs/reference/schemas/*.json from the public messages of libs/shared.
// With --check it writes nothing, and ends with 1 where a file differs from what it would write.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import {
  clientMessage,
  emotionMessage,
  errorMessage,
  expressionMessage,
  gapMessage,
  helloMessage,
  jsonSchemaOf,
  statusMessage,
} from '@deadpan/shared';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';

const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const check = process.argv.includes('--check');

/** Every public message: its schema, who says it, and what it is for. */
const MESSAGES = {
  hello: { schema: helloMessage, from: 'server', summary: 'The first message of a connection.' },
  emotion: { schema: emotionMessage, from: 'server', summary: 'One sliding window of one person.' },
  expression: {
    schema: expressionMessage,
    from: 'server',
    summary:
      'One face in one analysed frame; a frame without a face gives one message without a track. Opt-in.',
  },
  status: {
    schema: statusMessage,
    from: 'server',
    summary: 'How a camera is: at each change, and once a second while it streams.',
  },
  gap: {
    schema: gapMessage,
    from: 'server',
    summary: 'How many messages this client missed because it read too slowly.',
  },
  error: { schema: errorMessage, from: 'server', summary: "What was wrong with the client's last message." },
  client: {
    schema: clientMessage,
    from: 'client',
    summary:
      'Subscribes or unsubscribes. Left out: all cameras; `emotion` and `status` (for unsubscribe: every type). ' +
      'A subscriber first gets the status of every camera and the latest emotion of everybody present.',
  },
};

/** The Kafka topics whose values are public messages. */
const TOPICS = {
  emotions: { address: 'deadpan.emotions.v1', message: 'emotion', key: 'camera/track/start' },
  expressions: { address: 'deadpan.expressions.v1', message: 'expression', key: 'camera/track' },
  status: { address: 'deadpan.status.v1', message: 'status', key: 'camera' },
};

const names = (from) => Object.keys(MESSAGES).filter((name) => MESSAGES[name].from === from);
const channelMessage = (channel, name) => ({ $ref: `#/channels/${channel}/messages/${name}` });
const carried = (list) =>
  Object.fromEntries(list.map((name) => [name, { $ref: `#/components/messages/${name}` }]));

function asyncApi() {
  const topicChannels = Object.entries(TOPICS).map(([id, { address, message, key }]) => [
    id,
    {
      address,
      description: `The same messages as the feed's, keyed by ${key}.`,
      servers: [{ $ref: '#/servers/kafka' }],
      messages: carried([message]),
    },
  ]);
  const topicOperations = Object.entries(TOPICS).map(([id, { message }]) => [
    `publish-${id}`,
    { action: 'send', channel: { $ref: `#/channels/${id}` }, messages: [channelMessage(id, message)] },
  ]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Deadpan',
      version: '1.0.0',
      license: { name: 'Apache-2.0' },
      description:
        'Emotion timelines per person from cameras. Within v1 a field is never renamed, retyped or removed; ' +
        'new ones may come, and readers ignore what they do not know.',
    },
    defaultContentType: 'application/json',
    servers: {
      feed: {
        host: '127.0.0.1:8080',
        protocol: 'ws',
        description: 'The feed. Other addresses than loopback need a token.',
        security: [{ $ref: '#/components/securitySchemes/bearer' }],
      },
      kafka: {
        host: '127.0.0.1:9092',
        protocol: 'kafka',
        description: 'The broker, where the services are linked by Kafka.',
      },
    },
    channels: {
      live: {
        address: '/v1/live',
        description: 'Text messages, one JSON value each.',
        servers: [{ $ref: '#/servers/feed' }],
        messages: carried(Object.keys(MESSAGES)),
      },
      ...Object.fromEntries(topicChannels),
    },
    operations: {
      'say-to-client': {
        action: 'send',
        channel: { $ref: '#/channels/live' },
        messages: names('server').map((name) => channelMessage('live', name)),
      },
      'hear-client': {
        action: 'receive',
        channel: { $ref: '#/channels/live' },
        messages: names('client').map((name) => channelMessage('live', name)),
      },
      ...Object.fromEntries(topicOperations),
    },
    components: {
      messages: Object.fromEntries(
        Object.entries(MESSAGES).map(([name, { summary }]) => [
          name,
          { name, summary, contentType: 'application/json', payload: { $ref: `./schemas/${name}.json` } },
        ]),
      ),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'As header `Authorization: Bearer TOKEN`, or as WebSocket subprotocol `bearer.TOKEN`.',
        },
      },
    },
  };
}

const files = new Map([
  ['asyncapi.yaml', stringify(asyncApi(), { lineWidth: 100, aliasDuplicateObjects: false })],
  ...Object.entries(MESSAGES).map(([name, { schema }]) => [
    `schemas/${name}.json`,
    JSON.stringify({ $id: `urn:deadpan:v1:${name}`, ...jsonSchemaOf(schema) }, null, 2),
  ]),
]);

mkdirSync(`${folder}schemas`, { recursive: true });
const stale = readdirSync(`${folder}schemas`)
  .map((name) => `schemas/${name}`)
  .filter((name) => !files.has(name));
for (const [name, text] of files) {
  const path = `${folder}${name}`;
  const formatted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (existsSync(path) && readFileSync(path, 'utf8') === formatted) continue;
  if (check) stale.push(name);
  else writeFileSync(path, formatted);
}
if (check && stale.length > 0) {
  console.error(`Stale in docs/reference: ${stale.join(', ')}. Run: node scripts/generate-contracts.mjs`);
  process.exitCode = 1;
} else for (const name of stale) rmSync(`${folder}${name}`);

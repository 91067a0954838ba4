import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

import kafkajs, { type Kafka, type KafkaConfig as KafkaJsConfig, type LogEntry } from 'kafkajs';

import type { Logger } from '../../telemetry/index.js';
import type { KafkaConfig } from './kafka-config.js';

// Values of this CommonJS package come through its default export; few of its names can be imported one by one.
const { logLevel } = kafkajs;

/** A connection to one Kafka, from which senders and receivers are made. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** The same for questions that somebody waits for: gives up after about two seconds. */
  readonly impatient: Kafka;
  readonly config: KafkaConfig;
  readonly logger: Logger;
  /** The name as it is in this Kafka: with the configured prefix. */
  named(name: string): string;
}

const REBALANCE_TIMEOUT_MS = 60_000;
// A half-open socket never recovers by itself (tulios/kafkajs 919). No request may be silent for longer than a rebalance.
const SOCKET_TIMEOUT_MS = REBALANCE_TIMEOUT_MS + 10_000;
const KEEP_ALIVE_MS = 60_000;

/** How long the members of a group may take to meet again, in milliseconds. */
export const rebalanceTimeoutMs = REBALANCE_TIMEOUT_MS;

/** Connects nothing yet: brokers are reached when a sender, receiver or admin first needs them. */
export function createKafkaClient(config: KafkaConfig, logger: Logger): KafkaClient {
  const log = createLog(logger);
  const options: KafkaJsConfig = {
    clientId: config.clientId,
    brokers: [...config.brokers],
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    // Belongs here: kafkajs passes a producer's own `retry` on to not all of its parts.
    // A broker that is back is found within a second, as by Kafka's own clients (reconnect.backoff.max.ms).
    retry: { initialRetryTime: 100, maxRetryTime: 1000, multiplier: 2, retries: 12 },
    logLevel: logLevel.WARN,
    logCreator: () => log,
    socketFactory({ host, port, ssl, onConnect }) {
      const socket = config.tls
        ? // IP addresses may not be sent as a server name.
          connectTls({ host, port, ...(/[a-z]/i.test(host) ? { servername: host } : {}), ...ssl }, onConnect)
        : connectPlain({ host, port }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setNoDelay(true);
      socket.setTimeout(SOCKET_TIMEOUT_MS);
      return socket;
    },
    ...(config.tls
      ? {
          ssl: {
            ...(config.ca === '' ? {} : { ca: config.ca }),
            ...(config.certificate === '' ? {} : { cert: config.certificate, key: config.key }),
          },
        }
      : {}),
    ...(config.username === ''
      ? {}
      : { sasl: { mechanism: 'scram-sha-512', username: config.username, password: config.password } }),
  };
  const impatient = { ...options, retry: { initialRetryTime: 300, retries: 1 } };
  return {
    kafka: new kafkajs.Kafka(options),
    impatient: new kafkajs.Kafka(impatient),
    config,
    logger,
    named: (name) => config.topicPrefix + name,
  };
}

// kafkajs tells of each single attempt to connect: during an outage that is many a second, all alike.
const SAY_AGAIN_AFTER_MS = 10_000;

function createLog(logger: Logger): (entry: LogEntry) => void {
  const said = new Map<string, number>();
  return ({ level, log, namespace }) => {
    // `stack` would fill the log at each reconnect, `message` is the sentence.
    const { message, error, broker, groupId, topic, partition } = log as Record<string, unknown> & {
      message: string;
    };
    const about = { part: namespace, error, broker, groupId, topic, partition };
    // An answer that says no is for whoever asked to judge: most mean that a group meets anew. And a producer here
    // need not try for ever: after a failure a new one goes on.
    const usual = message.startsWith('Response ') || message.startsWith('Limiting retries');
    if (usual || level > logLevel.WARN) {
      logger.debug(about, message);
      return;
    }
    const now = performance.now();
    const sentence = `${namespace} ${message}`;
    if (now - (said.get(sentence) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_AFTER_MS) return;
    if (said.size > 1000) said.clear();
    said.set(sentence, now);
    logger.warn(about, message);
  };
}

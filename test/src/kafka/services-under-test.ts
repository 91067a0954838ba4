import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { emotionMessage, type EmotionMessage, type RecordCodec } from '@deadpan/shared';
import {
  applyTopics,
  createKafkaReceiver,
  TOPICS,
  type KafkaClient,
  type TopicLayout,
} from '@deadpan/shared/kafka';
import { stringify } from 'yaml';

import { readAll } from './kafka-under-test.js';

const CLI = fileURLToPath(new URL('../../../apps/cli/bin/deadpan.js', import.meta.url));

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  /** All that it has said so far. */
  readonly said: () => string;
  /** Resolves once it has said this; rejects when it ends before. */
  readonly says: (text: string) => Promise<void>;
  /** Resolves when it says that it is ready. */
  readonly ready: Promise<void>;
  /** Resolves with the address that it listens on. */
  readonly url: Promise<string>;
  /** Resolves with its exit code when it has ended; null when it was killed. */
  readonly ended: Promise<number | null>;
}

/** Services that share the topics of one client, and a configuration file. */
export interface ServicesUnderTest {
  readonly configFile: string;
  start(...args: readonly string[]): ServiceProcess;
  /** Ends what still runs and removes the file. */
  close(): Promise<void>;
}

/** Creates the topics and writes the configuration. The clocks of the services are so many milliseconds `behind`. */
export async function prepareServices(
  client: KafkaClient,
  settings: Record<string, unknown> = {},
  behind = 0,
): Promise<ServicesUnderTest> {
  await applyTopics(client);
  const folder = mkdtempSync(join(tmpdir(), 'deadpan-services-'));
  const configFile = join(folder, 'deadpan.yaml');
  const { brokers, topicPrefix, partitions, sessionTimeout } = client.config;
  const kafka = { brokers, topicPrefix, partitions, sessionTimeout };
  writeFileSync(configFile, stringify({ kafka, inference: { workers: 1 }, ...settings }), {
    mode: 0o600,
  });
  const clock = `data:text/javascript,${encodeURIComponent(`const { now } = Date; Date.now = () => now() - ${behind};`)}`;
  const node = behind === 0 ? [] : ['--import', clock];
  const running = new Set<ServiceProcess>();
  return {
    configFile,
    start(...args) {
      const child = spawn(process.execPath, [...node, CLI, 'service', ...args, '--config', configFile], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      let isReady: () => void = () => undefined;
      const ready = new Promise<void>((resolve) => {
        isReady = resolve;
      });
      let isAt: (url: string) => void = () => undefined;
      const url = new Promise<string>((resolve) => {
        isAt = resolve;
      });
      const listeners = new Set<() => void>();
      const hear = (text: string): void => {
        said += text;
        for (const listener of listeners) listener();
        const listens = /"url":"([^"]+)"/.exec(said)?.[1];
        if (listens !== undefined) isAt(listens);
        if (said.includes('"msg":"ready"')) isReady();
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      const ended = once(child, 'close').then(([code]) => code as number | null);
      const says = (text: string): Promise<void> =>
        new Promise((resolve, reject) => {
          const listen = (): void => {
            if (!said.includes(text)) return;
            listeners.delete(listen);
            resolve();
          };
          listeners.add(listen);
          listen();
          void ended.then(() => {
            reject(new Error(`It never said "${text}":\n${said}`));
          });
        });
      const service: ServiceProcess = { child, said: () => said, says, ready, url, ended };
      running.add(service);
      void ended.then(() => running.delete(service));
      return service;
    },
    async close() {
      await Promise.all(
        [...running].map(({ child, ended }) => {
          child.kill('SIGKILL');
          return ended;
        }),
      );
      rmSync(folder, { recursive: true });
    },
  };
}

/** The newest emotion of each id in the topic, as a reader sees them; repeats with another content are named. */
export async function emotionsById(
  client: KafkaClient,
): Promise<{ byId: Map<string, EmotionMessage>; records: number; changed: string[] }> {
  const byId = new Map<string, EmotionMessage>();
  const values = new Map<string, string>();
  const changed: string[] = [];
  let records = 0;
  for (const { key, value } of await readAll(client, TOPICS.emotions.name)) {
    // The mark of the end has no value.
    if (key === null || value === null) continue;
    records += 1;
    const text = value.toString();
    if ((values.get(key) ?? text) !== text) changed.push(key);
    values.set(key, text);
    byId.set(key, emotionMessage.parse(JSON.parse(text)));
  }
  return { byId, records, changed };
}

/** Reads a topic, from what the broker got at `beginMs` on, until a record is `enough`. */
export async function until<T>(
  client: KafkaClient,
  topic: TopicLayout,
  codec: RecordCodec<T>,
  beginMs: number,
  enough: (value: T) => boolean,
): Promise<void> {
  const receiver = createKafkaReceiver({
    ...{ client, topic, codec, beginMs, group: `until-${randomUUID()}` },
    deadLetters: { put: ({ error }) => Promise.reject(error) },
  });
  for await (const record of receiver) {
    record.ack();
    if (enough(record.value)) break;
  }
  await receiver.close();
}

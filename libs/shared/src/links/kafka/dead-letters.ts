import { createHash } from 'node:crypto';

import type { IHeaders, Message } from 'kafkajs';

import { sentenceOf } from '../../errors/index.js';
import type { DeadLetterSink } from '../../runtime/index.js';
import type { Origin } from '../envelope.js';
import type { KafkaClient } from './kafka-client.js';
import { silentObserver, type KafkaObserver } from './kafka-observer.js';
import { createSafeProducer } from './safe-producer.js';
import { TOPICS } from './topics.js';

/** A message that was put aside, and why. */
export interface PutAside {
  readonly stage: string;
  readonly reason: string;
  readonly error: Error;
  /** The message as it was read; undefined for a record that came of none. */
  readonly origin: Origin | undefined;
}

/** The dead-letter topic, to write to. */
export interface DeadLetters {
  /** Resolves once the broker has it. */
  put(letter: PutAside): Promise<void>;
  /** The same for the runner: the message is the one that the record came of. */
  readonly sink: DeadLetterSink;
  /** Waits for what is under way, then disconnects. */
  end(): Promise<void>;
}

const MESSAGE_LENGTH = 1000;
const OVERHEAD = 16 * 1024;

/**
 * Puts messages aside with key, value and headers unchanged, and headers `deadpan_origin_topic`, `_partition` and
 * `_offset`, `deadpan_stage`, `deadpan_reason`, `deadpan_error_code` and `deadpan_error_message`. A value beyond what
 * the dead-letter topic holds is left out and named by `deadpan_value_bytes` and `deadpan_value_sha256`.
 */
export function createDeadLetters(
  client: KafkaClient,
  observer: KafkaObserver = silentObserver,
): DeadLetters {
  const topic = client.named(TOPICS.deadLetter.name);
  const producer = createSafeProducer(client, topic);
  let turn: Promise<unknown> = Promise.resolve();

  function put(letter: PutAside): Promise<void> {
    const sent = turn.then(async () => {
      const result = await producer.send([messageOf(letter, true)]);
      if (result === 'too-large') await producer.send([messageOf(letter, false)]);
      observer.putAside(letter.origin?.topic ?? topic, letter.reason);
    });
    // One send at a time; a failure belongs to who put the letter, not to who comes next.
    turn = sent.catch(() => undefined);
    return sent;
  }

  return {
    put,
    sink: ({ stage, reason, error, record }) => put({ stage, reason, error, origin: record.origin }),
    async end() {
      await turn;
      await producer.disconnect();
    },
  };
}

function messageOf({ stage, reason, error, origin }: PutAside, withValue: boolean): Message {
  const value = origin?.value ?? null;
  const fits = withValue && (value?.length ?? 0) + OVERHEAD <= TOPICS.deadLetter.maxMessageBytes;
  const headers: IHeaders = { ...origin?.headers };
  if (origin !== undefined) {
    headers['deadpan_origin_topic'] = origin.topic;
    headers['deadpan_origin_partition'] = String(origin.partition);
    headers['deadpan_origin_offset'] = origin.offset;
  }
  headers['deadpan_stage'] = stage;
  headers['deadpan_reason'] = reason;
  headers['deadpan_error_code'] = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  headers['deadpan_error_message'] = sentenceOf(error).slice(0, MESSAGE_LENGTH);
  if (value !== null && !fits) {
    headers['deadpan_value_bytes'] = String(value.length);
    headers['deadpan_value_sha256'] = createHash('sha256').update(value).digest('hex');
  }
  return { key: origin?.key ?? null, value: fits ? value : null, headers };
}

import { randomBytes } from 'node:crypto';

import type { IHeaders } from 'kafkajs';

import { invalidRecord } from '../../codecs/record-codec.js';

/** Header (and key) of the mark that says that nothing follows in its partition; its value is null. */
export const END_OF_STREAM = 'deadpan_end';

/** What the headers of a message say: CloudEvents 1.0 (Kafka binding, binary mode) and W3C Trace Context. */
export interface MessageAbout {
  /** What the record is about; a repeat has the same. `ce_id` */
  readonly id: string;
  /** `ce_type` */
  readonly type: string;
  readonly contentType: string;
  /** Which program wrote it, e.g. `/deadpan/align`. `ce_source` */
  readonly source: string;
  /** The envelope's key: the camera. `ce_subject` */
  readonly key: string;
  /** `ce_time`, with all six decimals. */
  readonly timeUs: number;
  /** `traceparent` */
  readonly traceId: string;
}

/** Writes the headers; the span id of `traceparent` is new. */
export function writeHeaders(about: MessageAbout): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: about.id,
    ce_type: about.type,
    ce_source: about.source,
    ce_subject: about.key,
    ce_time: isoMicroseconds(about.timeUs),
    'content-type': about.contentType,
    traceparent: `00-${about.traceId}-${randomBytes(8).toString('hex')}-01`,
  };
}

/** What a receiver needs of them. @throws DeadpanError E_RECORD_INVALID where it is missing or means another type. */
export function readHeaders(
  headers: IHeaders | undefined,
  type: string,
): Pick<MessageAbout, 'id' | 'key' | 'timeUs' | 'traceId'> {
  const text = (name: string): string => {
    const value = headerText(headers, name);
    if (value === undefined || value === '') throw invalidRecord(type, `it has no header ${name}`);
    return value;
  };
  const is = text('ce_type');
  if (is !== type) throw invalidRecord(type, `its type is ${is.slice(0, 80)}`);
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text('traceparent'))?.[1];
  if (traceId === undefined) throw invalidRecord(type, 'its traceparent is not valid');
  const timeUs = microsecondsOf(text('ce_time'));
  if (timeUs === undefined) throw invalidRecord(type, 'its ce_time is not valid');
  return { id: text('ce_id'), key: text('ce_subject'), timeUs, traceId };
}

/** One header as text; the last one where it is given several times. */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? undefined : last.toString();
}

/** ISO 8601 in UTC with six decimals: milliseconds would lose the event time. */
export function isoMicroseconds(timeUs: number): string {
  const milliseconds = Math.floor(timeUs / 1000);
  const rest = String(timeUs - milliseconds * 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}

function microsecondsOf(iso: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z$/.exec(iso);
  if (match === null) return undefined;
  const milliseconds = Date.parse(`${match[1] ?? ''}Z`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000 + Number(match[2]);
}

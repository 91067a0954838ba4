import { DeadpanError } from '../errors/index.js';

/**
 * How a record of type `In` becomes the value of a Kafka message and is read back as `Out`. The public JSON is
 * rounded: what is read back is the record as the message tells of it, and makes the same message again.
 */
export interface RecordCodec<In, Out = In> {
  /** CloudEvents type, e.g. `deadpan.face.v1`. */
  readonly type: string;
  readonly contentType: 'application/octet-stream' | 'application/json';
  encode(record: In): Uint8Array;
  /**
   * Reads a value strictly: unknown versions, values out of range, a missing and a surplus byte are refused. The
   * result may look into `bytes`, which must not change afterwards.
   * @throws DeadpanError E_RECORD_INVALID
   */
  decode(bytes: Uint8Array): Out;
  /** What the record is about: the same for every repeat of it. */
  id(record: In): string;
  /** The message's key. */
  key(record: In): string;
}

/** The error of a value that does not follow its layout. `what` completes "The record ...". */
export function invalidRecord(type: string, what: string, cause?: unknown): DeadpanError {
  return new DeadpanError('E_RECORD_INVALID', `The record is no ${type}: ${what}.`, { cause });
}

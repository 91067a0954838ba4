import { randomUUID } from 'node:crypto';

/** The message that a record was read from, where a link reads from a log. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Key, value and headers as they lie in the log, for dead letters. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  /**
   * The record was worked on before and is read again so that stages with memory can rebuild their state. Senders
   * to a log pass over what comes of it: it is there already.
   */
  readonly replay: boolean;
}

/** A record on its way, with what the line needs to know and the stages need not. */
export interface Envelope<T> {
  /** Records of one key keep their order; the camera's name all along the line. */
  readonly key: string;
  /** Event time in whole microseconds. */
  readonly timeUs: number;
  /** 32 hexadecimal digits (W3C Trace Context); the same for all that comes of one frame. */
  readonly traceId: string;
  readonly value: T;
  /** The message of the log that it was made from, at whatever distance; undefined where there is none. */
  readonly origin: Origin | undefined;
  /** Says that all that came of this record is taken care of. Only the first call counts. */
  ack(): void;
}

/** What a new envelope is made of. */
export interface EnvelopeInit<T> {
  readonly key: string;
  readonly timeUs: number;
  readonly value: T;
  readonly traceId?: string;
  readonly origin?: Origin | undefined;
  readonly onAck?: () => void;
}

/** Puts a record into an envelope of its own, at the beginning of the line. */
export function envelope<T>({ key, timeUs, value, traceId, origin, onAck }: EnvelopeInit<T>): Envelope<T> {
  let acked = false;
  return {
    key,
    timeUs,
    traceId: traceId ?? randomUUID().replaceAll('-', ''),
    value,
    origin,
    ack() {
      if (acked) return;
      acked = true;
      onAck?.();
    },
  };
}

/**
 * Envelopes for what came of a record. The parent is acked once every child is; at once where nothing came of it.
 */
export function fork<T>(parent: Envelope<unknown>, values: readonly T[]): Envelope<T>[] {
  let open = values.length;
  if (open === 0) parent.ack();
  const onAck = (): void => {
    open -= 1;
    if (open === 0) parent.ack();
  };
  const { key, timeUs, traceId, origin } = parent;
  return values.map((value) => envelope({ key, timeUs, traceId, origin, value, onAck }));
}

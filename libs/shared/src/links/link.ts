import type { Envelope } from './envelope.js';

/** The end of a link that a stage writes to. */
export interface Sender<T> {
  /**
   * Resolves once the link has taken the record over, which may wait for room. A link that ends outside this process
   * acks the envelope when the other side has it for good; the memory link leaves that to the reader.
   * @throws DeadpanError E_LINK after `end`.
   */
  send(envelope: Envelope<T>): Promise<void>;
  /** No record will follow. Readers get what is under way, then end. Resolves when nothing is left to hand over. */
  end(): Promise<void>;
}

/** The end of a link that a stage reads from: records in order per key. It ends after the sender did. */
export type Receiver<T> = AsyncIterable<Envelope<T>>;

/** Both ends of a link. */
export interface Link<T> {
  readonly name: string;
  readonly sender: Sender<T>;
  readonly receiver: Receiver<T>;
}

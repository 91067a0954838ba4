import type { Envelope, Frame, Receiver, StageObserver } from '@deadpan/shared';

/**
 * The frames of each camera as their numbers rise. A frame at or below the newest one is a repeat, from an ingest that
 * was started again: a tracker must not see it twice, so it is acked and counted.
 */
export function risingFrames(from: Receiver<Frame>, observer: StageObserver): Receiver<Frame> {
  async function* rising(): AsyncGenerator<Envelope<Frame>, void, undefined> {
    const newest = new Map<string, { readonly epoch: number; readonly sequence: number }>();
    for await (const record of from) {
      const { camera, epoch, sequence } = record.value;
      const before = newest.get(camera);
      const isNew =
        before === undefined ||
        epoch > before.epoch ||
        (epoch === before.epoch && sequence > before.sequence);
      if (isNew) {
        newest.set(camera, { epoch, sequence });
        yield record;
      } else {
        record.value.release();
        observer.dropped('align', camera, 'repeat');
        record.ack();
      }
    }
  }
  return { [Symbol.asyncIterator]: rising };
}

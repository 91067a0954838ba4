import type { Frame, Sender } from '@deadpan/shared';

/** A sender that takes a frame's bytes at once, as one to Kafka does: the pixels go back after each send. */
export function releasing(sender: Sender<Frame>): Sender<Frame> {
  return {
    async send(record) {
      try {
        await sender.send(record);
      } finally {
        record.value.release();
      }
    },
    end: () => sender.end(),
  };
}

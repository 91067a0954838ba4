import type { Sender } from '@deadpan/shared';

import type { LineOutput } from './line-part.js';

/** Puts something between a sender and who uses it. */
export type Guard = <T>(sender: Sender<T>) => Sender<T>;

/** All senders of an output, guarded. */
export function guarded(output: LineOutput, guard: Guard): LineOutput {
  const one = <T>(sender: Sender<T> | undefined): Sender<T> | undefined =>
    sender === undefined ? undefined : guard(sender);
  return {
    frames: one(output.frames),
    faces: one(output.faces),
    pairs: one(output.pairs),
    expressions: one(output.expressions),
    emotions: one(output.emotions),
  };
}

/** A sender whose `end` does nothing: whoever made it ends it. */
export const unended: Guard = (sender) => ({
  send: (record) => sender.send(record),
  end: () => Promise.resolve(),
});

import type { Envelope } from '../envelope.js';
import type { Receiver, Sender } from '../link.js';
import type { Assignment, KafkaReceiver } from './kafka-receiver.js';

/** One partition's own run of a stage. */
export interface PartitionRun<In, Out> {
  readonly partition: number;
  readonly from: Receiver<In>;
  readonly to: Sender<Out>;
}

/**
 * Runs a stage with memory once per assigned partition, each with an instance of its own, so that state comes and goes
 * with the partition. What a run sends after its partition went to somebody else is forgotten. `to.end()` of a run ends
 * nothing: the caller ends the sender when this resolves, which it does when the receiver has ended and every run too.
 */
export async function runPerPartition<In, Out>(
  receiver: KafkaReceiver<In>,
  sender: Sender<Out>,
  run: (wiring: PartitionRun<In, Out>) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  for await (const assignment of receiver.assignments()) {
    const { partition, records } = assignment;
    const done = run({ partition, from: records, to: whileValid(assignment, sender) })
      .catch((error: unknown) => {
        failure ??= { error };
        // A stage that fails is a bug: the process ends, and another takes over from what is committed.
        void receiver.stop(0);
      })
      .finally(() => running.delete(done));
    running.add(done);
  }
  await Promise.all(running);
  const failed = failure as { error: unknown } | undefined;
  if (failed !== undefined) throw failed.error;
}

function whileValid<Out>(assignment: Assignment<unknown>, sender: Sender<Out>): Sender<Out> {
  return {
    async send(record: Envelope<Out>) {
      if (assignment.valid) await sender.send(record);
    },
    end: () => Promise.resolve(),
  };
}

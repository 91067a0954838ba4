import type { Envelope } from '../envelope.js';
import type { Receiver, Sender } from '../link.js';
import type { Assignment, KafkaReceiver } from './kafka-receiver.js';

/** One partition's own run of a stage. */
export interface PartitionRun<In> {
  readonly partition: number;
  readonly from: Receiver<In>;
  /**
   * The sender as this run may use it: what it sends after its partition went to somebody else is forgotten, and its
   * `end()` ends nothing, for other runs go on.
   */
  readonly guard: <Out>(sender: Sender<Out>) => Sender<Out>;
}

/**
 * Runs stages with memory once per assigned partition, each with instances of its own, so that state comes and goes
 * with the partition. Resolves when the receiver has ended and every run too; the caller ends the senders then.
 */
export async function runPerPartition<In>(
  receiver: KafkaReceiver<In>,
  run: (wiring: PartitionRun<In>) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  for await (const assignment of receiver.assignments()) {
    const { partition, records } = assignment;
    const guard = <Out>(sender: Sender<Out>): Sender<Out> => whileValid(assignment, sender);
    const done = run({ partition, from: records, guard })
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

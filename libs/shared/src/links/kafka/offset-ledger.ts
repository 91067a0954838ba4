/** Which records of one partition are acked, and from where a reader would have to begin again. */
export interface OffsetLedger {
  /** The record at `offset` was handed out; offsets rise, and may leave gaps (compaction, transactions). */
  taken(offset: number): void;
  /** It is acked; in any order, as often as one likes. */
  acked(offset: number): void;
  /** Offset to commit: one beyond the last record before which everything is acked. */
  readonly committable: number;
  /** Records taken and not acked. */
  readonly open: number;
}

/** A ledger that begins at `start`: the first offset that is not committed. */
export function createOffsetLedger(start: number): OffsetLedger {
  const open = new Set<number>();
  // Offsets in the order in which they were taken; those before `head` are settled.
  let order: number[] = [];
  let head = 0;
  let committable = start;
  return {
    taken(offset) {
      open.add(offset);
      order.push(offset);
    },
    acked(offset) {
      if (!open.delete(offset)) return;
      for (let next = order[head]; next !== undefined && !open.has(next); next = order[head]) {
        committable = next + 1;
        head += 1;
      }
      if (head > 1024) {
        order = order.slice(head);
        head = 0;
      }
    },
    get committable() {
      return committable;
    },
    get open() {
      return open.size;
    },
  };
}

/** What waits for a client that reads too slowly: the newest message per key. */
export interface Backlog<T> {
  readonly size: number;
  /** Adds a message in the place of the older one of the same key. */
  put(key: string, message: T): void;
  /** Takes the message that has waited longest. */
  shift(): T | undefined;
  /** How many were replaced or let go since the last call. */
  takeMissed(): number;
}

/** A backlog of at most `limit` messages; the one that has waited longest is let go for one more. */
export function createBacklog<T>(limit: number): Backlog<T> {
  const waiting = new Map<string, T>();
  let missed = 0;
  return {
    get size() {
      return waiting.size;
    },
    put(key, message) {
      // Deleted first, so that the map stays in the order of time.
      if (waiting.delete(key)) missed += 1;
      waiting.set(key, message);
      if (waiting.size > limit) {
        const [oldest] = waiting.keys();
        if (oldest !== undefined && waiting.delete(oldest)) missed += 1;
      }
    },
    shift() {
      for (const [key, message] of waiting) {
        waiting.delete(key);
        return message;
      }
      return undefined;
    },
    takeMissed() {
      const taken = missed;
      missed = 0;
      return taken;
    },
  };
}

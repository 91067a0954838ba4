/** Remembers from which offset a partition must be read again to know the last stretch of time of each key. */
export interface ReplayFloor {
  /** A record passes: offsets rise. */
  passed(key: string, timeUs: number, offset: number): void;
  /** First offset that is still within the stretch before `committed`, which is the bound if there is none. */
  before(committed: number): number;
}

/**
 * Keeps, per key, the records of the last `stretchUs` of its event time. A key whose newest record is older than
 * `idleMs` of wall clock no longer holds the floor down: its camera has gone.
 */
export function createReplayFloor(stretchUs: number, idleMs: number, now = Date.now): ReplayFloor {
  interface Passed {
    readonly offset: number;
    readonly timeUs: number;
  }
  const keys = new Map<string, { records: Passed[]; touched: number }>();
  return {
    passed(key, timeUs, offset) {
      let entry = keys.get(key);
      if (entry === undefined) {
        entry = { records: [], touched: 0 };
        keys.set(key, entry);
      }
      entry.touched = now();
      entry.records.push({ offset, timeUs });
      // Time may go back by less than a stretch (several faces of a frame never do); the newest decides.
      let stale = 0;
      while ((entry.records[stale]?.timeUs ?? timeUs) < timeUs - 2 * stretchUs) stale += 1;
      if (stale > 0) entry.records.splice(0, stale);
    },
    before(committed) {
      let floor = committed;
      for (const [key, { records, touched }] of keys) {
        if (now() - touched > idleMs) {
          keys.delete(key);
          continue;
        }
        const newest = records.findLast(({ offset }) => offset < committed);
        if (newest === undefined) continue;
        const first = records.find(({ timeUs }) => timeUs >= newest.timeUs - stretchUs);
        if (first !== undefined && first.offset < floor) floor = first.offset;
      }
      return floor;
    },
  };
}

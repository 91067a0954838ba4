import type { DropReason } from './drop-reason.js';

/** Told by the runner what a stage does. `key` is the record's key: the camera. */
export interface StageObserver {
  received(stage: string, key: string): void;
  emitted(stage: string, key: string): void;
  dropped(stage: string, key: string, reason: DropReason): void;
  deadLettered(stage: string, key: string, reason: string): void;
  /** One call of a map stage, or one record through a stream stage: how long, and over how many records. */
  worked(stage: string, seconds: number, records: number): void;
}

/** What one stage did. */
export interface StageCounts {
  received: number;
  emitted: number;
  dropped: Record<string, number>;
  deadLettered: Record<string, number>;
  /** Sum over calls; calls that run side by side count each. */
  seconds: number;
}

/** An observer that only counts, for a run's own report. */
export interface Tally extends StageObserver {
  readonly stages: ReadonlyMap<string, StageCounts>;
}

/** Creates a {@link Tally}, at zero or where an earlier one ended. */
export function createTally(from: ReadonlyMap<string, StageCounts> = new Map()): Tally {
  const stages = new Map(from);
  const of = (stage: string): StageCounts => {
    let counts = stages.get(stage);
    if (counts === undefined) {
      counts = { received: 0, emitted: 0, dropped: {}, deadLettered: {}, seconds: 0 };
      stages.set(stage, counts);
    }
    return counts;
  };
  const raise = (reasons: Record<string, number>, reason: string): void => {
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  };
  return {
    stages,
    received: (stage) => void (of(stage).received += 1),
    emitted: (stage) => void (of(stage).emitted += 1),
    dropped: (stage, _key, reason) => {
      raise(of(stage).dropped, reason);
    },
    deadLettered: (stage, _key, reason) => {
      raise(of(stage).deadLettered, reason);
    },
    worked: (stage, seconds) => void (of(stage).seconds += seconds),
  };
}

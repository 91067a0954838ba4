import type { Clip } from './ffmpeg.js';
import type { Machine } from './machine.js';
import type { ContenderName } from './options.js';
import type { Profile } from './profile.js';

/** One contender on one clip: the medians of the rounds. */
export interface Row {
  readonly name: ContenderName;
  /** Frames a second. For `deadpan` the clock includes loading the networks and writing the results. */
  readonly fps: number;
  readonly frames: number;
  /** Over all frames. For `bare-engine` those that it worked for, for `bare-decode` 0. */
  readonly faces: number;
  readonly facesPerSecond: number;
  /** Of the whole process and its children. */
  readonly cpuSeconds: number;
  readonly cpuSecondsPerMinute: number;
  /** Of the whole process and its children. */
  readonly peakMemoryMB: number;
  /** Frames a second over those of `bare-engine`; null for others than `deadpan`, and where it was not measured. */
  readonly limitShare: number | null;
  /** What the process took besides the time of `fps`: to start, and for the peers to load the networks. */
  readonly startSeconds: number;
}

/** One clip. */
export interface ClipReport {
  readonly machine: Machine;
  readonly clip: Omit<Clip, 'path' | 'analysed'>;
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** Where Deadpan's time goes; null where it was not traced. */
  readonly profile: Profile | null;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

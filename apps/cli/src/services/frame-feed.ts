import type { Frame, Receiver } from '@deadpan/shared';

/** The frames of all cameras of this process. */
export interface FrameFeed {
  readonly frames: Receiver<Frame>;
  /** Resolves with how many cameras failed, once all have ended and their frames are handed out. */
  readonly done: Promise<number>;
}

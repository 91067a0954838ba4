import { envelope, type Envelope, type Frame, type Receiver } from '@deadpan/shared';

/** What {@link createNewestFrames} needs. */
export interface NewestFramesOptions {
  /** Frames of one camera that may be worked on at a time; one more waits, the newest. */
  readonly inFlight: number;
  /** Told of each frame that a newer one took the place of. */
  readonly onDrop: (frame: Frame) => void;
}

/**
 * The link between live cameras and the line: one frame waits per camera, and a newer one takes its place. Cameras take
 * turns, so that none waits for another's backlog.
 */
export interface NewestFrames {
  /** Offers a frame; never waits. */
  offer(frame: Frame): void;
  /** The camera is gone: what waits of it is dropped. */
  forget(camera: string): void;
  /** No frame will follow; what waits is still handed out. */
  end(): void;
  readonly receiver: Receiver<Frame>;
}

/** Creates the link for any number of cameras. */
export function createNewestFrames({ inFlight, onDrop }: NewestFramesOptions): NewestFrames {
  /** In the order in which the cameras may have their turn. */
  const waiting = new Map<string, Frame>();
  const unacked = new Map<string, number>();
  let wake: (() => void) | undefined;
  let ended = false;

  const drop = (frame: Frame): void => {
    onDrop(frame);
    frame.release();
  };
  const count = (camera: string, by: number): void => {
    const left = (unacked.get(camera) ?? 0) + by;
    if (left === 0) unacked.delete(camera);
    else unacked.set(camera, left);
  };

  function take(): Envelope<Frame> | undefined {
    for (const [camera, frame] of waiting) {
      if ((unacked.get(camera) ?? 0) >= inFlight) continue;
      waiting.delete(camera);
      count(camera, 1);
      return envelope({
        key: camera,
        timeUs: frame.timeUs,
        value: frame,
        onAck() {
          count(camera, -1);
          wake?.();
        },
      });
    }
    return undefined;
  }

  async function* receive(): AsyncGenerator<Envelope<Frame>, void, undefined> {
    for (;;) {
      const next = take();
      if (next !== undefined) {
        yield next;
        continue;
      }
      if (ended && waiting.size === 0) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  }

  return {
    offer(frame) {
      const older = waiting.get(frame.camera);
      if (ended) {
        drop(frame);
        return;
      }
      // In the place of the older one, so that a camera keeps its turn.
      waiting.set(frame.camera, frame);
      if (older !== undefined) drop(older);
      wake?.();
    },
    forget(camera) {
      const left = waiting.get(camera);
      if (left === undefined) return;
      waiting.delete(camera);
      drop(left);
    },
    end() {
      ended = true;
      wake?.();
    },
    receiver: { [Symbol.asyncIterator]: receive },
  };
}

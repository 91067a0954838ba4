import { createMemoryLink, envelope, type Frame, type Receiver } from '@deadpan/shared';

/** Where the frames of all cameras come together. */
export interface FrameLine {
  /**
   * Takes a camera's frames until they end. A frame is only asked for when fewer than `inFlight` of the camera are
   * being worked on, so that what is taken is its newest.
   */
  join(camera: string, frames: AsyncIterable<Frame>): Promise<void>;
  /** No camera will join any more; what is under way is still handed out. */
  end(): Promise<void>;
  readonly receiver: Receiver<Frame>;
}

/** Creates a line for any number of cameras; none waits for another's backlog. */
export function createFrameLine(inFlight: number): FrameLine {
  // Bounded by the cameras: each has at most `inFlight` frames in it.
  const link = createMemoryLink<Frame>({
    name: 'frames',
    capacity: Number.MAX_SAFE_INTEGER,
    whenFull: 'block',
  });

  async function join(camera: string, frames: AsyncIterable<Frame>): Promise<void> {
    let free = inFlight;
    let wake: () => void = () => undefined;
    const iterator = frames[Symbol.asyncIterator]();
    for (;;) {
      while (free === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const next = await iterator.next();
      if (next.done === true) return;
      free -= 1;
      const frame = next.value;
      await link.sender.send(
        envelope({
          key: camera,
          timeUs: frame.timeUs,
          value: frame,
          onAck() {
            free += 1;
            wake();
          },
        }),
      );
    }
  }

  return { join, end: () => link.sender.end(), receiver: link.receiver };
}

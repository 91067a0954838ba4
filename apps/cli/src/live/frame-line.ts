import { createMemoryLink, envelope, type Frame, type Receiver } from '@deadpan/shared';

/** Where the frames of all cameras come together. */
export interface FrameLine {
  /**
   * Takes a camera's frames until they end, and resolves when all that came of them is taken care of. A frame is only
   * asked for when few enough of the camera are being worked on, so that what is taken is its newest.
   */
  join(camera: string, frames: AsyncIterable<Frame>): Promise<void>;
  /** No camera will join any more; what is under way is still handed out. */
  end(): Promise<void>;
  readonly receiver: Receiver<Frame>;
  /** Frames that wait to be taken. */
  readonly waiting: number;
}

/** More frames of one camera at a time would only make each of them older. */
const MOST_OF_ONE = 3;

/**
 * Creates a line for any number of cameras, which share `total` frames that are worked on at a time; each has at least
 * one, so that none waits for another's backlog.
 */
export function createFrameLine(total: number): FrameLine {
  // Bounded by the cameras' shares.
  const link = createMemoryLink<Frame>({
    name: 'frames',
    capacity: Number.MAX_SAFE_INTEGER,
    whenFull: 'block',
  });
  let cameras = 0;
  const share = (): number => Math.min(MOST_OF_ONE, Math.max(1, Math.floor(total / cameras)));

  async function join(camera: string, frames: AsyncIterable<Frame>): Promise<void> {
    let underWay = 0;
    let wake: () => void = () => undefined;
    const fewerThan = async (most: number): Promise<void> => {
      while (underWay >= most) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    cameras += 1;
    const iterator = frames[Symbol.asyncIterator]();
    try {
      for (;;) {
        await fewerThan(share());
        const next = await iterator.next();
        if (next.done === true) break;
        underWay += 1;
        await link.sender.send(
          envelope({
            key: camera,
            timeUs: next.value.timeUs,
            value: next.value,
            onAck() {
              underWay -= 1;
              wake();
            },
          }),
        );
      }
    } finally {
      cameras -= 1;
    }
    await fewerThan(1);
  }

  return {
    join,
    end: () => link.sender.end(),
    receiver: link.receiver,
    get waiting() {
      return link.waiting;
    },
  };
}

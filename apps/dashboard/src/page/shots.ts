import type { ExpressionMessage } from '@deadpan/shared';

/** One analysed frame with the faces in it. */
export interface Shot {
  readonly camera: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Capture time, seconds. */
  readonly time: number;
  /** Size of the frame, pixels: faces are in these. */
  readonly width: number;
  readonly height: number;
  readonly faces: readonly ExpressionMessage[];
}

/** Puts the faces of a frame, which come one by one, together again. */
export interface Shots {
  /** The complete shots, oldest first. */
  readonly all: readonly Shot[];
  /** Adds a face; returns whether a shot became complete. */
  add(message: ExpressionMessage): boolean;
}

/** Keeps the last `limit` shots. A frame is complete with its last face, or when one of a later frame comes. */
export function createShots(limit: number): Shots {
  const all: Shot[] = [];
  let open: { message: ExpressionMessage; faces: ExpressionMessage[] } | undefined;

  function close(): void {
    if (open === undefined) return;
    const { camera, epoch, sequence, time, width, height } = open.message;
    all.push({ camera, epoch, sequence, time, width, height, faces: open.faces });
    if (all.length > limit) all.shift();
    open = undefined;
  }

  return {
    all,
    add(message) {
      const before = all.length === 0 ? undefined : all.at(-1);
      if (
        open !== undefined &&
        (open.message.epoch !== message.epoch || open.message.sequence !== message.sequence)
      ) {
        close();
      }
      open ??= { message, faces: [] };
      if (message.track !== undefined) open.faces.push(message);
      if (open.faces.length >= message.faces) close();
      return all.at(-1) !== before;
    },
  };
}

import { createDecoderReport, type DecoderReport, type ScaledSize } from './decoder-report.js';
import { startFfmpeg, type ChildExit } from './ffmpeg-child.js';
import type { Ffmpeg } from './ffmpeg.js';
import { freeChunk } from './free-chunk.js';
import { createNutReader, type NutVideo } from './nut-reader.js';
import type { PixelPool } from './pixel-pool.js';

/** A frame as it comes out of ffmpeg. */
export interface DecodedFrame {
  /** Since the start of the media; where the container starts before zero, since zero. */
  readonly timeUs: number;
  /** rgb24, in memory of the pool. */
  readonly data: Uint8Array;
  readonly size: ScaledSize;
  /** How many frames were decoded until it came, itself among them; those before what was asked for do not count. */
  readonly decoded: number;
}

/** How a decoding ended. */
export interface DecodingEnd {
  readonly exit: ChildExit;
  /** It broke off inside a frame, or wrote what is not NUT. */
  readonly broken: unknown;
}

/** One run of ffmpeg over a file, read no faster than its frames are taken. */
export interface Decoding {
  readonly report: DecoderReport;
  /** Frames that were decoded, as `decoded` of a frame; complete once the decoding has ended by itself. */
  readonly decoded: number;
  /** The next frame, or how it ended. */
  next(): Promise<DecodedFrame | DecodingEnd>;
  /** Ends ffmpeg, gives waiting frames back to the pool, and waits until the process is gone. */
  stop(): Promise<void>;
}

/** Where frames go and how they are counted. */
export interface DecodingOptions {
  readonly pool: PixelPool;
  /** Decoded frames that may wait. */
  readonly ahead: number;
  /** Whether ffmpeg leaves frames out and prints the numbers of the others. */
  readonly sampled: boolean;
  /** Whether it begins before what is asked for and prints the number of the first frame that is not. */
  readonly passes: boolean;
}

/**
 * Starts ffmpeg and reads its frames.
 *
 * At most `ahead` decoded frames wait; then the pipe is paused, and ffmpeg with it.
 */
export function startDecoding(
  ffmpeg: Ffmpeg,
  args: readonly string[],
  { pool, ahead, sampled, passes }: DecodingOptions,
): Decoding {
  const { report, line } = createDecoderReport();
  const waiting: { readonly timeUs: number; readonly data: Uint8Array }[] = [];
  let video: NutVideo | null = null;
  let end: DecodingEnd | null = null;
  let broken: unknown = null;
  let wake: () => void = () => undefined;
  let taken = 0;

  const child = startFfmpeg(ffmpeg, args, (text) => {
    line(text);
    wake();
  });
  const reader = createNutReader({
    onVideo(found) {
      video = found;
    },
    allocate: (bytes) => pool.take(bytes),
    onFrame(timeUs, data) {
      waiting.push({ timeUs, data });
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
      freeChunk(chunk);
    } catch (error) {
      broken = error;
      void child.stop();
      return;
    }
    if (waiting.length >= ahead) child.stdout.pause();
    if (waiting.length > 0) wake();
  });
  const finish = (exit: ChildExit, failure: unknown): void => {
    const partial = reader.partialFrame();
    if (partial !== null) pool.give(partial);
    end = { exit, broken: failure ?? broken ?? (partial === null ? null : new Error('a frame was cut off')) };
    wake();
  };
  child.ended.then(
    (exit) => {
      finish(exit, null);
    },
    (error: unknown) => {
      finish({ code: null, signal: null }, error);
    },
  );

  // Log lines and the frame come by different pipes, in either order.
  const sizeNow = (): ScaledSize | undefined =>
    report.sizes.findLast((size) => size.width === video?.width && size.height === video.height);

  // Unless it is said, nothing came after what was to be passed.
  const passed = (): number => report.passed ?? (passes ? report.decoded : 0);

  return {
    report,
    get decoded() {
      return sampled ? Math.max(taken, report.decoded - passed()) : taken;
    },
    async next() {
      for (;;) {
        const size = sizeNow();
        if (size !== undefined && (!sampled || report.sampled.length > 0 || end !== null)) {
          const frame = waiting.shift();
          if (frame !== undefined) {
            if (waiting.length < ahead) child.stdout.resume();
            const number = report.sampled.shift();
            taken = number === undefined ? taken + 1 : number - passed() + 1;
            const timeUs = frame.timeUs - Math.max(0, report.startUs);
            return { timeUs, data: frame.data, size, decoded: taken };
          }
        }
        if (end !== null) return end;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async stop() {
      await child.stop();
      for (const frame of waiting.splice(0)) pool.give(frame.data);
    },
  };
}

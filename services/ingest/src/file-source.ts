import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { DeadpanError, type Frame } from '@deadpan/shared';
import { decoderFailure, inputMissing } from './decoder-failure.js';
import type { ScaledSize } from './decoder-report.js';
import { startDecoding, type DecodedFrame, type Decoding } from './decoding.js';
import type { Ffmpeg } from './ffmpeg.js';
import { fileArguments, SMALLEST_STEP_S } from './file-command.js';
import { mediaKind } from './media-kind.js';
import { createPixelPool } from './pixel-pool.js';

/** How a file is read. */
export interface FileOptions {
  readonly ffmpeg: Ffmpeg;
  /** The frames' `camera`; the file's name when absent. */
  readonly camera?: string;
  /** Analysed frames a second, sampled by time; all frames when absent. */
  readonly fps?: number;
  /** First time that counts, microseconds since the start of the media. */
  readonly startUs?: number;
  /** First time that counts no more. */
  readonly endUs?: number;
  /** Longest side of the pixels handed out, 1280 when absent; larger frames are scaled down, smaller ones never up. */
  readonly maxSide?: number;
  /** Frames with more pixels than this (36 million when absent, so 8192 x 4320 passes) are refused undecoded. */
  readonly maxPixels?: number;
  /** Frames that may be out unreleased; the next one waits for a release. No limit when absent. */
  readonly maxUnreleased?: number;
  /** Where an earlier run had come to with the same options: reading goes on after it, with the same numbers and times. */
  readonly resumeAfter?: FilePosition;
}

/** How far a file was read: up to a frame that was handed out. A plain value, to be kept and given back as it is. */
export interface FilePosition {
  /** The frame's number, and its time since the start of the media. */
  readonly sequence: number;
  readonly timeUs: number;
  /** Its time as the container says. */
  readonly stampUs: number;
  /** {@link FileSource.framesRead} and the frames that ffmpeg wrote until then. */
  readonly framesRead: number;
  readonly received: number;
  /** Upright size of the first frame. */
  readonly width: number;
  readonly height: number;
  /** What ffmpeg has complained of until then. */
  readonly complaints: readonly string[];
}

/** What a file turned out to be. */
export interface FileInfo {
  /** As it was given. */
  readonly path: string;
  readonly kind: 'video' | 'image';
  /** Upright size of the first frame in square pixels; 0 where no frame was left to read. */
  readonly width: number;
  readonly height: number;
  /** As the container says, to the hundredth of a second; null for images and where it does not say. */
  readonly durationUs: number | null;
  /** As the container says; an average where the rate varies, null for images. */
  readonly nominalFps: number | null;
  readonly codec: string | null;
  readonly pixelFormat: string | null;
}

/** The frames of a file, in order, each once. */
export interface FileSource extends AsyncIterable<Frame> {
  readonly info: FileInfo;
  /** Frames that were handed out and not released yet. */
  readonly unreleased: number;
  /**
   * Frames from the first one handed out on, of which those handed out are a sample; complete once the iteration has
   * ended. It ends at the first frame that shows that the part asked for is over.
   */
  readonly framesRead: number;
  /**
   * Where reading could go on after the last frame that was handed out. Null before the first, and where times do not
   * rise: a time then says nothing about a place.
   */
  readonly position: FilePosition | null;
  /** Ends the decoder and waits until it is gone. An iteration that stops early does it by itself. */
  close(): Promise<void>;
}

/** Shorter side below which there cannot be a face. */
const MIN_SIDE = 16;
/** Decoded frames that wait for the consumer before the pipe is paused. */
const AHEAD = 4;
/** Unused pixel buffers that are kept for reuse. */
const SPARE = 16;

/**
 * Opens a video or a still image. Resolves once the first frame is there, so a file that cannot be read fails here.
 *
 * Iteration follows the consumer: when it is slow the decoder waits, and nothing is dropped. A frame's pixels are
 * reused after its `release()`. A file that breaks off or is damaged yields every frame that could be decoded and
 * then throws.
 *
 * @throws DeadpanError `E_INPUT_*` for what is wrong with the file, `E_DECODER_DIED` when ffmpeg was killed. The same
 * codes come out of the iteration for what shows only later.
 */
export async function openFile(path: string, options: FileOptions): Promise<FileSource> {
  const absolute = resolve(path);
  await checkFile(absolute, path);
  const media = await mediaKind(absolute).catch((cause: unknown) => {
    throw inputMissing(path, cause);
  });
  if (media.kind === 'unreadable') {
    throw new DeadpanError('E_INPUT_FORMAT', `"${path}" is ${media.what}, which cannot be read here.`, {
      advice: 'Convert it first: a picture to JPEG or PNG, a moving one to a video.',
    });
  }
  const { ffmpeg, camera = basename(path), resumeAfter } = options;
  const fps = options.fps ?? null;
  const startUs = options.startUs ?? 0;
  const endUs = options.endUs ?? Infinity;
  const pool = createPixelPool(SPARE);
  const start = (fromUs: number, after: { readonly stampUs: number } | null): Decoding =>
    startDecoding(
      ffmpeg,
      fileArguments(ffmpeg, absolute, media, {
        fps,
        fromUs,
        after,
        maxSide: options.maxSide ?? 1280,
        maxPixels: options.maxPixels ?? 36_000_000,
      }),
      { pool, ahead: AHEAD, sampled: fps !== null, passes: after !== null },
    );

  let decoding = start(resumeAfter?.timeUs ?? startUs, resumeAfter ?? null);
  let sequence = resumeAfter === undefined ? 0 : resumeAfter.sequence + 1;
  let frames = resumeAfter?.received ?? 0;
  let framesRead = resumeAfter?.framesRead ?? 0;
  /** What to add to `decoded` of this decoding for `framesRead`; null before the first frame that counts. */
  let readBefore = resumeAfter?.framesRead ?? null;
  let lastTimeUs = resumeAfter?.timeUs ?? -Infinity;
  let rises = true;
  let position: FilePosition | null = resumeAfter ?? null;
  let firstSize: { readonly width: number; readonly height: number } | null = resumeAfter ?? null;
  let size: ScaledSize | null = null;
  let over = false;
  const isOver = (): boolean => over;

  const close = async (): Promise<void> => {
    over = true;
    onRelease?.();
    await decoding.stop();
  };

  const { maxUnreleased = Infinity } = options;
  let out = 0;
  let onRelease: (() => void) | undefined;
  // Pixels that wait for the consumer beyond what the pool keeps would be allocated anew for every frame.
  const roomForOne = async (): Promise<void> => {
    while (out >= maxUnreleased && !isOver()) {
      await new Promise<void>((resolve) => {
        onRelease = resolve;
      });
    }
  };

  const stampOf = (timeUs: number): number => timeUs + Math.max(0, decoding.report.startUs);
  const complaints = (): readonly string[] => [
    ...(resumeAfter?.complaints ?? []),
    ...decoding.report.complaints,
  ];

  const nextFrame = async (): Promise<Frame | null> => {
    while (!isOver()) {
      const next = await decoding.next();
      if (!('data' in next)) {
        if (isOver()) return null;
        await close();
        if (readBefore !== null) framesRead = readBefore + decoding.decoded;
        const partial = startUs > 0 || endUs < Infinity || resumeAfter !== undefined;
        const failure = decoderFailure(path, {
          report: { ...decoding.report, complaints: complaints() },
          end: next,
          frames,
          lastTimeUs,
          partial,
          container: media.kind === 'video' && media.seekable,
        });
        if (failure !== null) throw failure;
        return null;
      }
      if (changed(next, size, ffmpeg.followsSize ? decoding.report.sizes.at(-1) : size)) {
        // A new size in the middle of the stream: ffmpeg's output cannot follow, a new run can.
        pool.give(next.data);
        await decoding.stop();
        if (size === null)
          throw new DeadpanError(
            'E_DECODER_DIED',
            `"${path}" could not be read: ffmpeg's frames do not fit their size.`,
          );
        size = null;
        if (readBefore !== null) readBefore = framesRead;
        decoding = start(lastTimeUs, { stampUs: stampOf(lastTimeUs) });
        continue;
      }
      size = next.size;
      frames += 1;
      // ffmpeg gives a frame whose clock was set back the time of the frame before and a microsecond more.
      rises &&= next.timeUs - lastTimeUs > SMALLEST_STEP_S * 1e6;
      lastTimeUs = next.timeUs;
      if (next.timeUs >= endUs) {
        if (readBefore !== null) framesRead = readBefore + next.decoded - 1;
        pool.give(next.data);
        await close();
        return null;
      }
      if (next.timeUs < startUs) {
        pool.give(next.data);
        continue;
      }
      if (Math.min(size.sourceWidth, size.sourceHeight) < MIN_SIDE) {
        pool.give(next.data);
        await close();
        throw new DeadpanError(
          'E_INPUT_TOO_SMALL',
          `"${path}" has frames of ${size.sourceWidth} x ${size.sourceHeight} pixels, too small for a face.`,
        );
      }
      readBefore ??= 1 - next.decoded;
      framesRead = readBefore + next.decoded;
      firstSize ??= { width: size.sourceWidth, height: size.sourceHeight };
      position = {
        ...{ sequence, timeUs: next.timeUs, stampUs: stampOf(next.timeUs), framesRead, received: frames },
        ...{ width: firstSize.width, height: firstSize.height, complaints: complaints() },
      };
      out += 1;
      return frameOf(next, camera, sequence++, (data) => {
        out -= 1;
        pool.give(data);
        onRelease?.();
      });
    }
    return null;
  };

  const first = await nextFrame();
  const { report } = decoding;
  let begun = false;
  return {
    info: {
      path,
      kind: media.kind,
      width: firstSize?.width ?? 0,
      height: firstSize?.height ?? 0,
      durationUs: media.kind === 'image' ? null : report.durationUs,
      nominalFps: media.kind === 'image' ? null : report.nominalFps,
      codec: report.codec,
      pixelFormat: report.pixelFormat,
    },
    get unreleased() {
      return pool.taken;
    },
    get framesRead() {
      return framesRead;
    },
    get position() {
      return rises ? position : null;
    },
    close,
    async *[Symbol.asyncIterator]() {
      if (begun) throw new TypeError('a FileSource can be read only once');
      begun = true;
      try {
        for (let frame = first; frame !== null; frame = await nextFrame()) {
          yield frame;
          await roomForOne();
        }
      } finally {
        await close();
      }
    },
  };
}

function changed(
  frame: DecodedFrame,
  size: ScaledSize | null,
  newest: ScaledSize | null | undefined,
): boolean {
  if (frame.data.byteLength !== frame.size.width * frame.size.height * 3) return true;
  return size !== null && newest !== size;
}

function frameOf(
  decoded: DecodedFrame,
  camera: string,
  sequence: number,
  give: (data: Uint8Array) => void,
): Frame {
  const { timeUs, data, size } = decoded;
  let released = false;
  return {
    camera,
    epoch: 0,
    sequence,
    timeUs,
    width: size.sourceWidth,
    height: size.sourceHeight,
    image: { width: size.width, height: size.height, data },
    release() {
      if (released) return;
      released = true;
      give(data);
    },
  };
}

async function checkFile(absolute: string, name: string): Promise<void> {
  const stats = await stat(absolute).catch((cause: unknown) => {
    throw inputMissing(name, cause);
  });
  if (!stats.isFile()) {
    throw new DeadpanError('E_INPUT_FORMAT', `"${name}" is not a file.`, {
      advice: 'Name a video, an image, or a folder of them.',
    });
  }
  if (stats.size === 0) throw new DeadpanError('E_INPUT_EMPTY', `"${name}" is empty.`);
}

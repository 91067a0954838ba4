import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve as absolute } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { openFile, RISING_TIMES, type Ffmpeg } from '@deadpan/ingest';
import { DeadpanError } from '@deadpan/shared';

import type { AnnotatedFrame } from './annotated-frames.js';
import { createAnnotationDrawing } from './annotation-drawing.js';
import { clearCanvas, createCanvas, type Canvas } from './canvas.js';
import { matroskaHeader, matroskaPictureHead } from './matroska-stream.js';

/** What is annotated, and where it goes. */
export interface AnnotateOptions {
  readonly ffmpeg: Ffmpeg;
  /** Path of the video or picture. */
  readonly input: string;
  readonly kind: 'video' | 'image';
  /** Size of the upright source frame in pixels, in which boxes are. */
  readonly width: number;
  readonly height: number;
  /** Most pixels that a picture may have. */
  readonly maxPixels: number;
  /** Path of the MP4 file to write. */
  readonly output: string;
  /** The analysed frames in order. */
  readonly frames: AsyncIterable<AnnotatedFrame>;
  /** Analysed frames a second; null when every frame was analysed. */
  readonly fps: number | null;
  /** The part of the media to keep, seconds; null for the beginning and the end. */
  readonly start: number | null;
  readonly end: number | null;
  /** Stops the work; the promise then rejects with `E_INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

/** The longest side of the result lies between these: enough to read by, and not more than needed. */
const LONGEST_SIDE = 1920;
const LEAST_LONGEST_SIDE = 640;

/** Longest time that boxes stay after the last frame when every frame was analysed, seconds. */
const HOLD = 0.5;
/** The overlay is repeated at least this often, so that ffmpeg need not keep many frames until the next one comes. */
const REPEAT_MS = 500;
/**
 * How much earlier than its frame an overlay is sent. Times are rounded to milliseconds on the way; one that is a
 * rounding too late would appear a whole frame too late.
 */
const LEAD_MS = 2;

/**
 * Writes `annotated.mp4`: the source's own frames at their own times, with its sound, and over them what was found.
 *
 * ffmpeg reads the source again and lays a second, transparent stream over it that is drawn here, one picture for
 * each analysed frame. Between analysed frames the last boxes stay, at most for 1.5 times their distance.
 *
 * @throws DeadpanError `E_OUTPUT` when it cannot be written, `E_DECODER_DIED` when ffmpeg is killed, `E_INPUT_*` for what
 * it cannot make of the input, `E_INTERRUPTED`.
 */
export async function annotate(options: AnnotateOptions): Promise<void> {
  const { width, height, scale } = resultSize(options.width, options.height);
  const canvas = createCanvas(width, height);
  const draw = await createAnnotationDrawing(width, height, scale);
  const args = options.kind === 'image' ? imageArguments(options) : videoArguments(options, width, height);
  try {
    await encode(options, args, async (pipe) => {
      await send(pipe, matroskaHeader(width, height));
      if (options.kind === 'image') {
        await drawPicture(canvas, options);
        for await (const { faces } of options.frames) draw(canvas, faces);
        await sendPicture(pipe, 0, canvas);
      } else {
        await sendOverlays(pipe, canvas, draw, options);
      }
    });
  } catch (error) {
    await rm(options.output, { force: true });
    throw error;
  }
}

/**
 * Whether this ffmpeg can write `annotated.mp4`: asked before hours of work.
 * @throws DeadpanError `E_DECODER_MISSING`
 */
export async function checkEncoder(ffmpeg: Ffmpeg): Promise<void> {
  const limits = { timeout: 20_000, maxBuffer: 1 << 25 };
  const asked = promisify(execFile)(ffmpeg.path, ['-hide_banner', '-encoders'], limits);
  const encoders = await asked.then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (/^ *V\S* libx264 /m.test(encoders)) return;
  throw new DeadpanError(
    'E_DECODER_MISSING',
    `ffmpeg ${ffmpeg.version} (${ffmpeg.path}) cannot write H.264: it names no encoder libx264.`,
    { advice: 'Install an ffmpeg with libx264, or leave --annotate out.' },
  );
}

/** Even sides, as the encoder wants them. */
function resultSize(width: number, height: number): { width: number; height: number; scale: number } {
  const longest = Math.max(width, height);
  const scale = Math.min(LONGEST_SIDE, Math.max(LEAST_LONGEST_SIDE, longest)) / longest;
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height), scale };
}

async function sendOverlays(
  pipe: Writable,
  canvas: Canvas,
  draw: Awaited<ReturnType<typeof createAnnotationDrawing>>,
  { frames, fps }: AnnotateOptions,
): Promise<void> {
  const holdMs = Math.round(1000 * (fps === null ? HOLD : 1.5 / fps));
  let sentMs = -1;
  let expiresMs = 0;

  const sendAt = async (timeMs: number): Promise<void> => {
    if (timeMs <= sentMs) return;
    sentMs = timeMs;
    await sendPicture(pipe, timeMs, canvas);
  };
  /** Repeats what is shown up to a time, and takes it away when it has been shown long enough. */
  const bridge = async (untilMs: number): Promise<void> => {
    while (sentMs + REPEAT_MS < Math.min(untilMs, expiresMs)) await sendAt(sentMs + REPEAT_MS);
    if (expiresMs >= untilMs) return;
    clearCanvas(canvas);
    await sendAt(Math.max(expiresMs, sentMs + 1));
    while (sentMs + REPEAT_MS < untilMs) await sendAt(sentMs + REPEAT_MS);
  };

  for await (const { time, faces } of frames) {
    const timeMs = Math.max(0, Math.round(time * 1000) - LEAD_MS);
    // The stream begins at 0, or ffmpeg would take its first picture's time for the beginning of the media.
    if (sentMs < 0 && timeMs > 0) await sendAt(0);
    await bridge(timeMs);
    clearCanvas(canvas);
    draw(canvas, faces);
    await sendAt(timeMs);
    expiresMs = timeMs + holdMs;
  }
  if (sentMs < 0) await sendAt(0);
  await bridge(expiresMs + 1);
}

/** Puts the picture itself on the canvas, scaled to fill it. */
async function drawPicture(canvas: Canvas, options: AnnotateOptions): Promise<void> {
  const { ffmpeg, input, output, maxPixels } = options;
  const source = await openFile(input, { ffmpeg, maxSide: LONGEST_SIDE, maxPixels });
  for await (const frame of source) {
    const { width, height, data } = frame.image;
    for (let y = 0; y < canvas.height; y += 1) {
      const row = Math.min(height - 1, Math.floor(((y + 0.5) * height) / canvas.height));
      for (let x = 0; x < canvas.width; x += 1) {
        const from = (row * width + Math.min(width - 1, Math.floor(((x + 0.5) * width) / canvas.width))) * 3;
        const to = (y * canvas.width + x) * 4;
        canvas.data.set(data.subarray(from, from + 3), to);
        canvas.data[to + 3] = 255;
      }
    }
    frame.release();
    return;
  }
  throw new DeadpanError('E_INPUT_NO_VIDEO', `${input} has no picture to write ${output} from.`);
}

const LOG = ['-hide_banner', '-nostats', '-v', 'error', '-y'];
const OVERLAY_INPUT = ['-protocol_whitelist', 'pipe', '-f', 'matroska', '-i', 'pipe:0'];
const VIDEO_OUTPUT = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p'];
const MP4_OUTPUT = ['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'];

function videoArguments(options: AnnotateOptions, width: number, height: number): readonly string[] {
  const { ffmpeg, input, output, start, end } = options;
  // Before 5.1 ffmpeg gives the last frame of an MP4 no duration, and players then leave it out: so one comes after it.
  const padding = ffmpeg.frameTimingOption === '-vsync' ? ',tpad=stop=1' : '';
  const filter = `[0:V:0]setpts='${RISING_TIMES}',scale=${width}:${height},setsar=1${padding}[source];[source][1:v:0]overlay=eof_action=pass[out]`;
  return [
    ...LOG,
    // The times by which the file was analysed. ffmpeg's own would leave out pauses of more than ten seconds of a
    // transport stream, and where a clock is set back go on by the end of the sound.
    ...['-copyts', '-start_at_zero'],
    ...['-protocol_whitelist', 'file', '-i', absolute(input)],
    ...OVERLAY_INPUT,
    ...['-filter_complex', filter, '-map', '[out]', '-map', '0:a:0?', '-af', `asetpts='${RISING_TIMES}'`],
    ...(start === null ? [] : ['-ss', start.toFixed(6)]),
    ...(end === null ? [] : ['-to', end.toFixed(6)]),
    ...VIDEO_OUTPUT,
    // Every frame at its own time, also where the rate varies.
    ...[
      ffmpeg.frameTimingOption,
      'passthrough',
      '-enc_time_base',
      '1:90000',
      '-video_track_timescale',
      '90000',
    ],
    ...['-c:a', 'aac', '-b:a', '160k'],
    ...MP4_OUTPUT,
    absolute(output),
  ];
}

function imageArguments({ output }: AnnotateOptions): readonly string[] {
  return [
    ...LOG,
    ...OVERLAY_INPUT,
    '-map',
    '0:v:0',
    '-frames:v',
    '1',
    ...VIDEO_OUTPUT,
    ...MP4_OUTPUT,
    absolute(output),
  ];
}

/** Runs ffmpeg and lets `feed` write its standard input. */
async function encode(
  { ffmpeg, input, output, signal }: AnnotateOptions,
  args: readonly string[],
  feed: (pipe: Writable) => Promise<void>,
): Promise<void> {
  const interrupted = (): DeadpanError =>
    new DeadpanError('E_INTERRUPTED', `The annotation of ${input} was interrupted.`);
  if (isAborted(signal)) throw interrupted();
  // With setpriv the kernel ends ffmpeg when this process dies, however it dies.
  const [program, all] =
    ffmpeg.setpriv === null
      ? [ffmpeg.path, args]
      : [ffmpeg.setpriv, ['--pdeathsig', 'KILL', ffmpeg.path, ...args]];
  const child = spawn(program, all, {
    stdio: ['pipe', 'ignore', 'pipe'],
    // FFREPORT would make ffmpeg write a log file.
    env: { ...process.env, FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  const ended = once(child, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  const failures: unknown[] = [];
  // An ffmpeg that has ended takes no more; its exit code then says why, and not the broken pipe.
  child.stdin.on('error', () => undefined);
  const feeding = feed(child.stdin).then(
    () => child.stdin.end(),
    (error: unknown) => {
      if (child.stdin.destroyed) return;
      failures.push(error);
      stop();
    },
  );
  const [code] = await ended.finally(() => signal?.removeEventListener('abort', stop));
  await feeding;
  if (isAborted(signal)) throw interrupted();
  if (failures.length > 0) throw failures[0];
  if (code !== 0) throw encoderFailure(input, output, code, said);
}

/** A function, because the compiler believes that what it has read once stays as it is. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function encoderFailure(input: string, output: string, code: number | null, said: string): DeadpanError {
  const full = /No space left on device|Disk quota exceeded|Permission denied|Read-only file system/.exec(
    said,
  )?.[0];
  if (full !== undefined) {
    return new DeadpanError('E_OUTPUT', `${output} cannot be written: ffmpeg says "${full}".`, {
      advice: 'Free some space, or choose another folder with --out.',
    });
  }
  // ffmpeg ends with 255 where it could still say goodbye.
  if (code === null || code === 255)
    return new DeadpanError('E_DECODER_DIED', `ffmpeg was killed while it wrote ${output}.`);
  // Next time it would say the same.
  const last = said.trim().split('\n').at(-1);
  return new DeadpanError(
    'E_INPUT_FORMAT',
    `ffmpeg could not write ${output} from ${input}: ${last === undefined || last === '' ? 'it does not say why' : last}.`,
    { advice: 'Its tables are complete. Convert it first, or leave --annotate out.' },
  );
}

async function sendPicture(pipe: Writable, timeMs: number, canvas: Canvas): Promise<void> {
  await send(pipe, matroskaPictureHead(timeMs, canvas.data.length));
  await send(pipe, canvas.data);
}

/** Resolves once the pipe has taken the bytes, so that they can be drawn on again. */
function send(pipe: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    pipe.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

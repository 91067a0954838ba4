import builder from 'fluent-ffmpeg';
import type { Ffmpeg } from './ffmpeg.js';
import type { MediaKind } from './media-kind.js';

/** Which frames of a file ffmpeg is asked for, and how large. */
export interface FileCommandOptions {
  /** Analysed frames a second; null for all. */
  readonly fps: number | null;
  /** Where reading may begin, microseconds since the start of the media; earlier frames may come as well. */
  readonly fromUs: number;
  /** The last frame of an earlier run, by its own time stamp: nothing up to it may come, nor fill its slot again. */
  readonly after: { readonly stampUs: number } | null;
  /** Longest side of the frames; larger ones are scaled down. */
  readonly maxSide: number;
  /** Frames with more pixels are refused. */
  readonly maxPixels: number;
}

// What people film, keep and publish. Audio formats are here so that a sound file is called one and not unreadable.
const FORMATS = [
  ...[
    'mov',
    'mp4',
    'matroska',
    'webm',
    'avi',
    'mpegts',
    'mpeg',
    'mpegvideo',
    'flv',
    'live_flv',
    'asf',
    'ogg',
    'wtv',
  ],
  ...['mxf', 'dv', 'ivf', 'h264', 'hevc', 'm4v', 'mjpeg', 'yuv4mpegpipe', 'nut', 'gif', 'apng', '3gp'],
  ...['mp3', 'wav', 'flac', 'aac', 'aiff', 'ac3'],
].join(',');

/** Before a wanted time, seconds: some containers land late by a few frames. */
const SEEK_MARGIN_S = 2;
/** Nearer than this, seconds, two frames of one file do not follow each other: a clock was set back. */
export const SMALLEST_STEP_S = 0.0001;
/** ffmpeg's AV_LOG_VERBOSE. */
const VERBOSE = 40;
/** How far before a slot's beginning a frame still belongs to it, in slots: for times rounded to milliseconds. */
const SLOT_TOLERANCE = 0.05;

/**
 * The times of recordings one after the other in a file, each with a clock of its own, as one: where the clock is set back
 * by more than a reordered frame could be, the next frame follows at the last distance (1), and what is added (0) stays.
 */
export const RISING_TIMES = [
  'st(2,PTS-PREV_INPTS)',
  'if(gt(ld(2),0),st(1,ld(2)))',
  'if(lt(ld(2)*TB,-0.5),st(0,ld(0)+ld(1)-ld(2)))',
  'PTS+ld(0)',
].join(';');

const UPRIGHT: Readonly<Record<number, readonly string[]>> = {
  2: ['hflip'],
  3: ['hflip', 'vflip'],
  4: ['vflip'],
  5: ['transpose=0'],
  6: ['transpose=1'],
  7: ['transpose=3'],
  8: ['transpose=2'],
};

/**
 * The arguments that make ffmpeg write a file's frames as NUT with raw rgb24 to its standard output, upright, in
 * square pixels, with the container's own time stamps in microseconds.
 *
 * - `-copyts` keeps a frame's time stamp the same to the last digit wherever reading starts. Without it ffmpeg counts
 *   from the first stream that it uses, so sound that starts earlier would not count.
 * - Where a clock is set back in the middle, as in joined transport streams, time goes on.
 * - Sampling picks the first frame of each slot of `1 / fps` seconds. `-vf fps` would invent and repeat frames.
 * - Only local files, and no playlist that could name others.
 */
export function fileArguments(
  ffmpeg: Ffmpeg,
  path: string,
  media: Exclude<MediaKind, { kind: 'unreadable' }>,
  options: FileCommandOptions,
): string[] {
  const command = builder(path)
    .inputOptions('-hide_banner', '-nostdin', '-nostats', '-v', 'level+verbose')
    .inputOptions('-max_pixels', String(options.maxPixels), '-protocol_whitelist', 'file');
  const filters: string[] = [];

  if (media.kind === 'image') {
    command
      .inputOptions('-noautorotate', '-format_whitelist', 'image2', '-f', 'image2', '-pattern_type', 'none')
      .inputOptions('-c:v', media.decoder);
    filters.push(...(UPRIGHT[media.orientation] ?? []));
  } else {
    command.inputOptions('-format_whitelist', FORMATS, '-copyts', '-noaccurate_seek');
    const seekS = options.fromUs / 1e6 - SEEK_MARGIN_S;
    if (media.seekable && seekS > 0) command.inputOptions('-ss', seekS.toFixed(6));
    // Where reading always begins at the beginning, what was added to the times of a frame is the same in every run.
    if (!media.seekable) filters.push(`setpts='${RISING_TIMES}'`);
    const selected = selection(options);
    if (selected !== null) filters.push(`select='${selected}'`);
  }
  filters.push(scaling(options.maxSide), 'setsar=1');

  command
    .output('pipe:1')
    .outputOptions('-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1')
    .outputOptions(ffmpeg.frameTimingOption, 'passthrough', '-enc_time_base', '1:1000000')
    .outputOptions('-vf', filters.join(','), '-pix_fmt', 'rgb24', '-c:v', 'rawvideo', '-f', 'nut');
  if (ffmpeg.followsSize) command.outputOptions('-autoscale', '0');
  if (media.kind === 'image') command.outputOptions('-frames:v', '1');
  return builtArguments(command);
}

/** The arguments that make ffmpeg open a video and say what its container says, and no more. */
export function formatArguments(path: string): string[] {
  const log = ['-hide_banner', '-nostdin', '-v', 'level+info'];
  return [...log, '-protocol_whitelist', 'file', '-format_whitelist', FORMATS, '-i', path];
}

/**
 * What ffmpeg's select filter lets through; null for everything. Where it samples, it prints the number that each frame
 * had before, and -1 less the number of the first frame after `after`: so it is known how many frames there were.
 *
 * What follows `after` follows it by place and not by time: a clock may be set back later.
 */
function selection({ fps, after }: FileCommandOptions): string | null {
  const number = (value: string): string => `0*print(${value},${VERBOSE})`;
  const afterS = after === null ? null : (after.stampUs / 1e6).toFixed(6);
  const sampled = fps === null ? '1' : `if(${slotExpression(fps, afterS)},1+${number('n')})`;
  if (afterS === null) return fps === null ? null : sampled;
  const printed = fps === null ? '' : `+${number('-1-n')}`;
  const reached = `if(not(ld(0)),if(gt(t,${afterS}+${SMALLEST_STEP_S}),st(0,1${printed})))`;
  return `${reached};if(ld(0),${sampled})`;
}

/**
 * A condition of ffmpeg's select filter that is true for the first frame of each slot of `1 / fps` seconds, and for a
 * clock that was set back. `before` is the time of a frame before the first, in seconds.
 */
export function slotExpression(fps: number, before: string | null): string {
  const slot = (time: string): string => `floor((${time})*${fps}+${SLOT_TOLERANCE})`;
  const first = before === null ? 'NAN' : slot(before);
  return `not(eq(${slot('t')},if(isnan(prev_selected_t),${first},${slot('prev_selected_t')})))`;
}

/** The scale filter: square pixels, the longer side at most `maxSide`, never larger than the source. */
export function scaling(maxSide: number): string {
  const ratio = `min(1,${maxSide}/max(iw*sar,ih))`;
  return `scale=w='max(1,round(iw*sar*${ratio}))':h='max(1,round(ih*${ratio}))'`;
}

/** The safe part of fluent-ffmpeg: it builds arguments well; its `run` misreads newer versions and hides the pipe. */
export function builtArguments(command: builder.FfmpegCommand): string[] {
  return (command as unknown as { _getArguments(): string[] })._getArguments();
}

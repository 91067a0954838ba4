import builder from 'fluent-ffmpeg';
import type { CameraAddress } from './camera-address.js';
import type { Ffmpeg } from './ffmpeg.js';
import { builtArguments, scaling, slotExpression } from './file-command.js';

/** Which frames of a camera ffmpeg is asked for, and how large. */
export interface CameraCommandOptions {
  /** Analysed frames a second; null for all. */
  readonly fps: number | null;
  /** Longest side of the frames. */
  readonly maxSide: number;
  /** Frames with more pixels are refused. */
  readonly maxPixels: number;
  /** How long a socket may be silent, microseconds. */
  readonly timeoutUs: number;
}

/** What starts ffmpeg on a camera. */
export interface CameraCommand {
  readonly args: readonly string[];
  /** What goes to its standard input; null for nothing. */
  readonly input: string | null;
}

/**
 * The arguments that make ffmpeg write a camera's frames as NUT with raw rgb24 to its standard output.
 *
 * - A network address goes in by standard input, as a concat script with one entry, because every user of a machine
 *   can read the arguments of its processes. Versions before 5.0 know no options in such a script and get the address
 *   as an argument.
 * - Every decoded frame's time is printed to the log (`print`), before sampling: it says how many frames arrive, and
 *   that they do, also when few are wanted.
 * - One thread decodes a frame at a time: threads over frames would each hold one back.
 */
export function cameraCommand(
  ffmpeg: Ffmpeg,
  address: CameraAddress,
  options: CameraCommandOptions,
): CameraCommand {
  const { protocols, formats, settings } = inputOf(ffmpeg, address, options);
  const hidden = address.host !== null && ffmpeg.concatOptions;
  const script = [
    'ffconcat version 1.0',
    `file '${address.location.replaceAll("'", "'\\''")}'`,
    ...settings.map(([key, value]) => `option ${key} ${value}`),
  ];
  const command = builder(hidden ? 'pipe:0' : address.location)
    .inputOptions('-hide_banner', '-nostats', '-v', 'level+verbose', '-thread_type', 'slice')
    .inputOptions('-max_pixels', String(options.maxPixels));
  if (!hidden) command.inputOptions('-nostdin');
  if (address.host !== null) command.inputOptions('-codec_whitelist', 'h264,hevc,mjpeg');
  if (formats !== null) {
    command.inputOptions('-format_whitelist', hidden ? `concat,${formats}` : formats);
  }
  command.inputOptions('-protocol_whitelist', hidden ? `pipe,${protocols}` : protocols);
  if (hidden) command.inputOptions('-f', 'concat', '-safe', '0');
  else for (const [key, value] of settings) command.inputOptions(`-${key}`, value);
  if (address.kind === 'file') command.inputOptions('-re', '-stream_loop', '-1');

  const wanted = options.fps === null ? '1' : slotExpression(options.fps, null);
  command
    .output('pipe:1')
    .outputOptions('-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1')
    .outputOptions(ffmpeg.frameTimingOption, 'passthrough', '-enc_time_base', '1:90000')
    .outputOptions('-vf', `select='${wanted}+0*print(t,32)',${scaling(options.maxSide)},setsar=1`)
    .outputOptions('-pix_fmt', 'rgb24', '-c:v', 'rawvideo', '-f', 'nut', '-flush_packets', '1');
  if (ffmpeg.followsSize) command.outputOptions('-autoscale', '0');
  return { args: builtArguments(command), input: hidden ? `${script.join('\n')}\n` : null };
}

function inputOf(
  ffmpeg: Ffmpeg,
  { kind }: CameraAddress,
  { timeoutUs }: CameraCommandOptions,
): {
  readonly protocols: string;
  readonly formats: string | null;
  readonly settings: readonly (readonly [string, string])[];
} {
  switch (kind) {
    case 'rtsp':
    case 'rtsps':
      return {
        protocols: kind === 'rtsp' ? 'tcp' : 'tls,tcp',
        formats: 'rtsp',
        settings: [
          ['rtsp_transport', 'tcp'],
          [ffmpeg.rtspTimeoutOption.slice(1), String(timeoutUs)],
          // With sound the camera's sender reports can shift the picture by the step of its clock.
          ['allowed_media_types', 'video'],
          ['analyzeduration', '1000000'],
          ['fpsprobesize', '0'],
        ],
      };
    case 'http':
    case 'https':
      return {
        protocols: kind === 'http' ? 'http,tcp' : 'https,http,tls,tcp',
        formats: 'mpjpeg,mjpeg',
        // MJPEG over HTTP carries no times of its own.
        settings: [
          ['rw_timeout', String(timeoutUs)],
          ['use_wallclock_as_timestamps', '1'],
          ['fpsprobesize', '0'],
        ],
      };
    case 'device':
      return { protocols: 'file', formats: null, settings: [['f', 'v4l2']] };
    case 'file':
      return { protocols: 'file', formats: null, settings: [] };
  }
}

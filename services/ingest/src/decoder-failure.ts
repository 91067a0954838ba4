import { DeadpanError } from '@deadpan/shared';
import type { DecoderReport } from './decoder-report.js';
import type { DecodingEnd } from './decoding.js';

/** What is known when ffmpeg has ended by itself. */
export interface DecodingOutcome {
  readonly report: DecoderReport;
  readonly end: DecodingEnd;
  /** Frames that came. */
  readonly frames: number;
  /** Time of the last of them. */
  readonly lastTimeUs: number;
  /** Whether only a part of the input was asked for, so that no frame may be all there is. */
  readonly partial: boolean;
  /** Whether the first bytes are those of an mp4, a QuickTime file or a Matroska file. */
  readonly container: boolean;
}

/**
 * Judges why ffmpeg ended: null for a whole input, otherwise a sentence for a person that names the input.
 *
 * The exit code alone says nothing: ffmpeg ends with 0 after most kinds of damage.
 */
export function decoderFailure(
  name: string,
  { report, end, frames, lastTimeUs, partial, container }: DecodingOutcome,
): DeadpanError | null {
  const { complaints } = report;
  const said = (pattern: RegExp): string | undefined => complaints.find((line) => pattern.test(line));
  const error = (code: DeadpanError['code'], reason: string, advice?: string): DeadpanError =>
    new DeadpanError(code, `"${name}" ${reason}`, {
      ...(advice === undefined ? {} : { advice }),
      ...(end.broken === null ? {} : { cause: end.broken }),
    });
  const quoted = (): string => {
    const line = complaints.findLast(
      (text) =>
        !/^Conversion failed|^Error while filtering|^Error marking|^Cannot determine format/i.test(text),
    );
    return line === undefined ? '' : ` (ffmpeg: ${clean(line, name)})`;
  };

  const tooLarge = said(/exceeds specified max pixel count|Picture size \d+x\d+ is invalid/);
  if (tooLarge !== undefined) {
    const size = /(\d+)x(\d+)/.exec(tooLarge);
    const pixels = size === null ? '' : ` of ${size[1]} x ${size[2]} pixels`;
    return error(
      'E_INPUT_TOO_LARGE',
      `has frames${pixels}, more than the limit.`,
      'Raise the limit on pixels, or scale it down first.',
    );
  }
  if (end.exit.signal !== null || report.signalled) {
    return error(
      'E_DECODER_DIED',
      `could not be read to its end: ffmpeg was killed (${end.exit.signal ?? 'by a signal'}).`,
    );
  }
  if (end.exit.code === null)
    return error('E_DECODER_DIED', 'could not be read: ffmpeg could not be started.');

  if (frames === 0) {
    if (container && said(/moov atom not found/) !== undefined) {
      return error('E_INPUT_TRUNCATED', 'ends in the middle: its index, which comes last, is missing.');
    }
    if (!report.opened && said(/End of file$/) !== undefined) {
      return error('E_INPUT_NO_VIDEO', 'ends before its first frame.');
    }
    if (!report.opened)
      return error('E_INPUT_FORMAT', `is not a video or an image that can be read here${quoted()}.`);
    if (said(/matches no streams|does not contain any stream/) !== undefined) {
      return error('E_INPUT_NO_VIDEO', 'has no video in it.');
    }
    if (said(/Decoder .*not found|Not yet implemented|patches welcome|Unsupported codec/i) !== undefined) {
      return error('E_INPUT_FORMAT', `is in a format that this ffmpeg cannot decode${quoted()}.`);
    }
    if (
      said(/^(?!Cannot determine format|Error marking filters|Conversion failed|Could not find codec)/) !==
      undefined
    ) {
      return error('E_INPUT_TRUNCATED', `is damaged: not a single frame could be decoded${quoted()}.`);
    }
    return partial ? null : error('E_INPUT_NO_VIDEO', 'has no frame in it.');
  }
  if (complaints.length > 0) {
    const until = (lastTimeUs / 1e6).toFixed(3);
    const came = frames === 1 ? 'one frame was read' : `${frames} frames up to ${until} s were read`;
    return error('E_INPUT_TRUNCATED', `is cut off or damaged${quoted()}; ${came}.`);
  }
  if (end.exit.code !== 0 || end.broken !== null) {
    return error('E_DECODER_DIED', `could not be read to its end: ffmpeg ended with code ${end.exit.code}.`);
  }
  return null;
}

/** The error for a file that cannot be opened at all. */
export function inputMissing(name: string, cause: unknown): DeadpanError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? // Bytes that are not UTF-8 come as this sign, by which nothing is found again.
        name.includes('\ufffd')
        ? 'is not found by its name, which is not UTF-8: rename it.'
        : 'does not exist.'
      : code === 'EACCES' || code === 'EPERM'
        ? 'may not be read: no permission.'
        : 'cannot be read.';
  return new DeadpanError('E_INPUT_MISSING', `"${name}" ${reason}`, { cause });
}

/** One line of ffmpeg without the input's path and addresses in memory, short enough to quote. */
function clean(line: string, name: string): string {
  const short = line
    .replace(/0x[0-9a-f]{6,}/g, '')
    .replace(/^\/.*?: /, '')
    .replaceAll(name, '')
    .replace(/\s+/g, ' ')
    .replace(/[.: ]+$/, '')
    .trim();
  return short.length > 120 ? `${short.slice(0, 117)}...` : short;
}

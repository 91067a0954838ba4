import type { DecoderReport } from './decoder-report.js';
import type { ChildExit } from './ffmpeg-child.js';

/** Why a connection to a camera ended. */
export interface CameraLoss {
  /**
   * - `lost`: it could not be reached, or the stream ended
   * - `stalled`: connected, but no pictures come
   * - `size`, `clock`: the stream changed so that it must be read anew, at once
   * - `refused`: trying again will not help until somebody changes something: password, codec, no video
   */
  readonly kind: 'lost' | 'stalled' | 'size' | 'clock' | 'refused';
  /** The rest of a sentence that begins with the camera's name; not redacted yet. */
  readonly reason: string;
}

const REASONS: readonly (readonly [RegExp, CameraLoss['kind'], string])[] = [
  [/401 Unauthorized|authorization failed|403 Forbidden/i, 'refused', 'it refuses the name or the password'],
  [/404 Not Found|Stream Not Found/i, 'lost', 'it has no stream at this address'],
  [
    /resolve hostname|Name or service not known|Temporary failure in name resolution|No address associated/i,
    'lost',
    'its host name cannot be resolved',
  ],
  [/Connection refused/i, 'lost', 'nothing answers at its address (connection refused)'],
  [/No route to host|Network is unreachable|Host is unreachable/i, 'lost', 'there is no way to its network'],
  [/timed out/i, 'lost', 'it does not answer (timed out)'],
  [/matches no streams|does not contain any stream/i, 'refused', 'it sends no video'],
  [/exceeds specified max pixel count/i, 'refused', 'its pictures have more pixels than the limit'],
  [
    /Codec .*not on whitelist|Decoder .*not found/i,
    'refused',
    'its video is in a codec that is not read here',
  ],
  [/Format not on whitelist/i, 'refused', 'it does not send MJPEG, which is all that is read over http'],
  [
    /Protocol .*not on whitelist/i,
    'refused',
    'it sends its readers on to an address of another kind, as from http to https',
  ],
  [
    /No such file|Permission denied|Device or resource busy/i,
    'refused',
    'its file or device cannot be opened',
  ],
];

/** The reason that ffmpeg's complaints name; null where none is known. */
export function knownLoss({ complaints }: DecoderReport): CameraLoss | null {
  for (const [pattern, kind, reason] of REASONS) {
    if (complaints.some((complaint) => pattern.test(complaint))) return { kind, reason };
  }
  return null;
}

/** Judges why ffmpeg ended by itself. */
export function cameraLoss(report: DecoderReport, exit: ChildExit, hadPicture: boolean): CameraLoss {
  if (exit.signal !== null || report.signalled) {
    return { kind: 'lost', reason: `its reader, ffmpeg, was killed (${exit.signal ?? 'by a signal'})` };
  }
  const known = hadPicture ? null : knownLoss(report);
  if (known !== null) return known;
  // The pipe is how the address goes in, and says nothing to anybody.
  const said = report.newestComplaint?.replace(/^pipe:0: /, '') ?? null;
  if (hadPicture)
    return {
      kind: 'lost',
      reason: said === null ? 'the stream ended' : `the stream ended (ffmpeg: ${said})`,
    };
  return {
    kind: 'lost',
    reason: said === null ? 'it sent no picture' : `it cannot be read (ffmpeg: ${said})`,
  };
}

import type { FrameReference } from '../contracts/index.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { invalidRecord } from './record-codec.js';

/*
 * The beginning that the binary records share (numbers little-endian):
 *
 *   u8   kind       the record's letter in ASCII
 *   u8   version    1
 *   u16  n, n bytes camera, UTF-8
 *   u32  epoch
 *   u32  sequence
 *   i64  timeUs
 *   u32  width      of the source frame, pixels
 *   u32  height
 */
const VERSION = 1;

/** Writes kind, version and frame reference. */
export function writeFrameHeader(to: ByteWriter, kind: string, frame: FrameReference): void {
  to.u8(kind.charCodeAt(0));
  to.u8(VERSION);
  to.text(frame.camera);
  to.u32(frame.epoch);
  to.u32(frame.sequence);
  to.i64(frame.timeUs);
  to.u32(frame.width);
  to.u32(frame.height);
}

/** Reads them back. @throws DeadpanError E_RECORD_INVALID for another kind or version. */
export function readFrameHeader(from: ByteReader, kind: string, type: string): FrameReference {
  if (from.u8('kind') !== kind.charCodeAt(0)) throw invalidRecord(type, 'it begins with another kind');
  const version = from.u8('version');
  if (version !== VERSION) throw invalidRecord(type, `its version is ${version}, not ${VERSION}`);
  const camera = from.text('camera');
  const epoch = from.u32('epoch');
  const sequence = from.u32('sequence');
  const timeUs = from.i64('time');
  const width = from.u32('width');
  const height = from.u32('height');
  if (width === 0 || height === 0) throw invalidRecord(type, 'its frame has no pixels');
  return { camera, epoch, sequence, timeUs, width, height };
}

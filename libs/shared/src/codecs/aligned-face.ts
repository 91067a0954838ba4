import { CROP_SIZE, type AlignedFace } from '../contracts/index.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/** Bytes of a crop and of a reference. */
export const CROP_BYTES = CROP_SIZE * CROP_SIZE;
const LANDMARK_NUMBERS = 136;

/*
 * A face within a record:
 *
 *   u16  n, n bytes track, UTF-8
 *   f64  x 4        box x, y, width, height
 *   f64             detection, 0..1
 *   f32  x 136      landmarks
 *   f64  x 3        yaw, pitch, roll
 *   f64             quality, 0..1
 *   4096 bytes      crop
 */

/** Writes a face. @throws RangeError where an array has another length than it must have. */
export function writeAlignedFace(to: ByteWriter, face: AlignedFace): void {
  if (face.landmarks.length !== LANDMARK_NUMBERS || face.crop.length !== CROP_BYTES)
    throw new RangeError(
      `a face has ${face.landmarks.length} landmark numbers and ${face.crop.length} crop bytes`,
    );
  to.text(face.track);
  for (const value of [face.box.x, face.box.y, face.box.width, face.box.height, face.detection])
    to.f64(value);
  to.f32s(face.landmarks);
  for (const value of [face.pose.yaw, face.pose.pitch, face.pose.roll, face.quality]) to.f64(value);
  to.bytes(face.crop);
}

/** Reads a face back. @throws DeadpanError E_RECORD_INVALID */
export function readAlignedFace(from: ByteReader): AlignedFace {
  return {
    track: from.text('track'),
    box: {
      x: from.f64('box'),
      y: from.f64('box'),
      width: from.f64('box'),
      height: from.f64('box'),
    },
    detection: from.fraction('detection'),
    landmarks: from.f32s(LANDMARK_NUMBERS, 'landmarks'),
    pose: { yaw: from.f64('yaw'), pitch: from.f64('pitch'), roll: from.f64('roll') },
    quality: from.fraction('quality'),
    crop: from.bytes(CROP_BYTES, 'crop'),
  };
}

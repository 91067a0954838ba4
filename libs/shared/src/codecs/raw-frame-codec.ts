import { frameId, type FrameReference, type RgbImage } from '../contracts/index.js';
import { createByteReader } from './byte-reader.js';
import { createByteWriter } from './byte-writer.js';
import { readFrameHeader, writeFrameHeader } from './frame-header.js';
import { invalidRecord, type RecordCodec } from './record-codec.js';

/** A frame as it crosses Kafka where every bit of it counts: its pixels as they are. */
export interface RawFrame extends FrameReference {
  readonly image: RgbImage;
}

const TYPE = 'deadpan.frame.v1';

/**
 * `R`:
 *
 *   frame header (frame-header.ts)
 *   u32  imageWidth
 *   u32  imageHeight
 *   imageWidth * imageHeight * 3 bytes RGB
 */
export const rawFrameCodec: RecordCodec<RawFrame> = {
  type: TYPE,
  contentType: 'application/octet-stream',
  encode(frame) {
    const { width, height, data } = frame.image;
    if (data.length !== width * height * 3)
      throw new RangeError(`a picture of ${width} x ${height} has ${data.length} bytes`);
    const to = createByteWriter();
    writeFrameHeader(to, 'R', frame);
    to.u32(width);
    to.u32(height);
    to.bytes(data);
    return to.done();
  },
  decode(bytes) {
    const from = createByteReader(TYPE, bytes);
    const reference = readFrameHeader(from, 'R', TYPE);
    const width = from.u32('image width');
    const height = from.u32('image height');
    if (width === 0 || height === 0) throw invalidRecord(TYPE, 'its image has no pixels');
    const data = from.bytes(width * height * 3, 'pixels');
    from.end();
    return { ...reference, image: { width, height, data } };
  },
  id: frameId,
  key: (frame) => frame.camera,
};

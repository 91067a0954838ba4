import { frameId, type FrameReference } from '../contracts/index.js';
import { createByteReader } from './byte-reader.js';
import { createByteWriter } from './byte-writer.js';
import { readFrameHeader, writeFrameHeader } from './frame-header.js';
import { invalidRecord, type RecordCodec } from './record-codec.js';

/** A frame as it crosses Kafka. Whoever sends and receives it compresses and expands the pixels. */
export interface EncodedFrame extends FrameReference {
  /** Size of the picture in `jpeg`, which may be smaller than the source frame. */
  readonly imageWidth: number;
  readonly imageHeight: number;
  readonly jpeg: Uint8Array;
}

const TYPE = 'deadpan.frame.v1';

/**
 * `F`:
 *
 *   frame header (frame-header.ts)
 *   u32  imageWidth
 *   u32  imageHeight
 *   u32  n, n bytes JPEG (begins with FF D8, ends with FF D9)
 */
export const frameCodec: RecordCodec<EncodedFrame> = {
  type: TYPE,
  contentType: 'application/octet-stream',
  encode(frame) {
    const to = createByteWriter();
    writeFrameHeader(to, 'F', frame);
    to.u32(frame.imageWidth);
    to.u32(frame.imageHeight);
    to.u32(frame.jpeg.length);
    to.bytes(frame.jpeg);
    return to.done();
  },
  decode(bytes) {
    const from = createByteReader(TYPE, bytes);
    const reference = readFrameHeader(from, 'F', TYPE);
    const imageWidth = from.u32('image width');
    const imageHeight = from.u32('image height');
    if (imageWidth === 0 || imageHeight === 0) throw invalidRecord(TYPE, 'its image has no pixels');
    const jpeg = from.bytes(from.u32('JPEG length'), 'JPEG');
    from.end();
    // A JPEG whose end is missing would still be shown, gray from where it was cut.
    const whole = jpeg[0] === 0xff && jpeg[1] === 0xd8 && jpeg.at(-2) === 0xff && jpeg.at(-1) === 0xd9;
    if (!whole) throw invalidRecord(TYPE, 'its JPEG is damaged');
    return { ...reference, imageWidth, imageHeight, jpeg };
  },
  id: frameId,
  key: (frame) => frame.camera,
};

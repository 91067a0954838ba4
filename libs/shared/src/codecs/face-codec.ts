import type { Face } from '../contracts/index.js';
import { readAlignedFace, writeAlignedFace } from './aligned-face.js';
import { createByteReader } from './byte-reader.js';
import { createByteWriter } from './byte-writer.js';
import { faceId } from './face-id.js';
import { readFrameHeader, writeFrameHeader } from './frame-header.js';
import { invalidRecord, type RecordCodec } from './record-codec.js';

const TYPE = 'deadpan.face.v1';

/**
 * `A`:
 *
 *   frame header (frame-header.ts)
 *   u16  faces
 *   u8   1 and a face (aligned-face.ts), or 0
 */
export const faceCodec: RecordCodec<Face> = {
  type: TYPE,
  contentType: 'application/octet-stream',
  encode(record) {
    const to = createByteWriter();
    writeFrameHeader(to, 'A', record);
    to.u16(record.faces);
    to.u8(record.face === null ? 0 : 1);
    if (record.face !== null) writeAlignedFace(to, record.face);
    return to.done();
  },
  decode(bytes) {
    const from = createByteReader(TYPE, bytes);
    const reference = readFrameHeader(from, 'A', TYPE);
    const faces = from.u16('number of faces');
    const present = from.u8('face flag');
    if (present > 1) throw invalidRecord(TYPE, `its face flag is ${present}`);
    const face = present === 1 ? readAlignedFace(from) : null;
    from.end();
    return { ...reference, faces, face };
  },
  id: faceId,
  key: (record) => record.camera,
};

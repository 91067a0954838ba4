import type { FacePair } from '../contracts/index.js';
import { CROP_BYTES, readAlignedFace, writeAlignedFace } from './aligned-face.js';
import { createByteReader } from './byte-reader.js';
import { createByteWriter } from './byte-writer.js';
import { faceId, trackKey } from './face-id.js';
import { readFrameHeader, writeFrameHeader } from './frame-header.js';
import { invalidRecord, type RecordCodec } from './record-codec.js';

const TYPE = 'deadpan.pair.v1';

/**
 * `P`:
 *
 *   frame header (frame-header.ts)
 *   u16  faces
 *   u8   1, a face (aligned-face.ts) and its neutral reference (4096 bytes), or 0
 */
export const facePairCodec: RecordCodec<FacePair> = {
  type: TYPE,
  contentType: 'application/octet-stream',
  encode(record) {
    const to = createByteWriter();
    writeFrameHeader(to, 'P', record);
    to.u16(record.faces);
    to.u8(record.face === null ? 0 : 1);
    if (record.face !== null) {
      if (record.face.reference.length !== CROP_BYTES)
        throw new RangeError(`a reference has ${record.face.reference.length} bytes`);
      writeAlignedFace(to, record.face);
      to.bytes(record.face.reference);
    }
    return to.done();
  },
  decode(bytes) {
    const from = createByteReader(TYPE, bytes);
    const reference = readFrameHeader(from, 'P', TYPE);
    const faces = from.u16('number of faces');
    const present = from.u8('face flag');
    if (present > 1) throw invalidRecord(TYPE, `its face flag is ${present}`);
    const face =
      present === 1 ? { ...readAlignedFace(from), reference: from.bytes(CROP_BYTES, 'reference') } : null;
    from.end();
    return { ...reference, faces, face };
  },
  id: faceId,
  key: trackKey,
};

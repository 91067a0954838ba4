/** The beginning of a Matroska stream with one track of raw RGBA pictures. */
export function matroskaHeader(width: number, height: number): Uint8Array {
  const ebml = element('1a45dfa3', [
    element('4286', unsigned(1)),
    element('42f7', unsigned(1)),
    element('42f2', unsigned(4)),
    element('42f3', unsigned(8)),
    element('4282', text('matroska')),
    element('4287', unsigned(4)),
    element('4285', unsigned(2)),
  ]);
  const info = element('1549a966', [
    element('2ad7b1', unsigned(1_000_000)), // nanoseconds a tick: times are in milliseconds
    element('4d80', text('deadpan')),
    element('5741', text('deadpan')),
  ]);
  const video = element('e0', [
    element('b0', unsigned(width)),
    element('ba', unsigned(height)),
    element('2eb524', text('RGBA')),
  ]);
  const track = element('ae', [
    element('d7', unsigned(1)),
    element('73c5', unsigned(1)),
    element('83', unsigned(1)),
    element('9c', unsigned(0)),
    element('86', text('V_UNCOMPRESSED')),
    video,
  ]);
  // A segment of unknown size: it ends where the stream ends.
  const segment = Buffer.from('1853806701ffffffffffffff', 'hex');
  return Buffer.concat([ebml, segment, info, element('1654ae6b', track)]);
}

/**
 * What comes before the pixels of a picture: a cluster that holds nothing else. The pixels follow as they are, so they
 * need not be copied.
 *
 * @param timeMs whole milliseconds, rising from picture to picture
 * @param bytes of the pixels
 */
export function matroskaPictureHead(timeMs: number, bytes: number): Uint8Array {
  const timestamp = element('e7', unsigned(timeMs));
  // Track 1, at the cluster's own time, a key frame.
  const block = Buffer.from('81000080', 'hex');
  const blockHead = Buffer.concat([Buffer.from('a3', 'hex'), size(block.length + bytes)]);
  const content = timestamp.length + blockHead.length + block.length + bytes;
  return Buffer.concat([Buffer.from('1f43b675', 'hex'), size(content), timestamp, blockHead, block]);
}

/*
 * EBML (RFC 8794): an element is its id, its size as a variable-length integer, and its content; the ids are those of
 * Matroska (RFC 9559).
 */

function element(id: string, content: Uint8Array | readonly Uint8Array[]): Buffer {
  const body = content instanceof Uint8Array ? content : Buffer.concat(content);
  return Buffer.concat([Buffer.from(id, 'hex'), size(body.length), body]);
}

/** Eight bytes, of which the first only says that there are eight. */
function size(bytes: number): Buffer {
  const encoded = Buffer.alloc(8);
  encoded.writeBigUInt64BE((1n << 56n) | BigInt(bytes));
  return encoded;
}

function unsigned(value: number): Buffer {
  const encoded = Buffer.alloc(8);
  encoded.writeBigUInt64BE(BigInt(value));
  return encoded;
}

function text(value: string): Buffer {
  return Buffer.from(value, 'ascii');
}

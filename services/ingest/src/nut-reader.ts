/** The video stream that a NUT header announces. */
export interface NutVideo {
  readonly width: number;
  readonly height: number;
}

/** Who is told what a {@link NutReader} finds. */
export interface NutHandlers {
  /** Called once, before the first frame. */
  onVideo(video: NutVideo): void;
  /** The memory for a frame of this many bytes. */
  allocate(bytes: number): Uint8Array;
  /** Called for each complete frame, with its presentation time in whole microseconds. */
  onFrame(timeUs: number, data: Uint8Array): void;
}

/** Takes the bytes of a NUT stream in pieces of any size. */
export interface NutReader {
  /** @throws Error when the bytes are not NUT as ffmpeg writes it. */
  push(bytes: Uint8Array): void;
  /** The memory of the frame that is not complete yet, so that its owner can have it back; null between frames. */
  partialFrame(): Uint8Array | null;
}

const FILE_ID = 'nut/multimedia container\0';
const STARTCODE = 0x4e; // 'N'
const MAIN = 0x4d; // 'M'
const STREAM = 0x53; // 'S'
const SYNCPOINT = 0x4b; // 'K'
const LONG_PACKET = 4096;

// Frame flags, as in the specification's table.
const CODED_PTS = 8;
const STREAM_ID = 16;
const SIZE_MSB = 32;
const CHECKSUM = 64;
const RESERVED = 128;
const SIDE_DATA = 256;
const HEADER_IDX = 1024;
const MATCH_TIME = 2048;
const CODED = 4096;
const INVALID = 8192;

interface FrameCode {
  readonly flags: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly ptsDelta: number;
  readonly reserved: number;
  readonly headerIdx: number;
}

interface TimeBase {
  readonly num: number;
  readonly den: number;
}

interface MainHeader {
  readonly timeBases: readonly TimeBase[];
  readonly frameCodes: readonly FrameCode[];
  /** Bytes that frames may begin with and that are then left out of them. */
  readonly elided: readonly Uint8Array[];
}

/**
 * Reads NUT (https://ffmpeg.org/~michael/nut.txt) with one video stream, as ffmpeg writes it to a pipe: raw frames
 * with their true times. Payloads go straight into the memory that `allocate` gives; nothing else is copied.
 */
export function createNutReader(handlers: NutHandlers): NutReader {
  let bytes: Uint8Array = new Uint8Array(0);
  let at = 0;
  let partial: Uint8Array | null = null;

  // A generator that yields where it needs more bytes reads like the specification and resumes in the middle of it.
  function* byte(): Generator<undefined, number> {
    while (at === bytes.length) yield;
    return bytes[at++] ?? 0;
  }
  function* fill(target: Uint8Array, from: number): Generator<undefined, void> {
    for (let filled = from; filled < target.length;) {
      while (at === bytes.length) yield;
      const count = Math.min(target.length - filled, bytes.length - at);
      target.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled += count;
    }
  }
  function* variable(): Generator<undefined, number> {
    let value = 0;
    for (;;) {
      const next = yield* byte();
      value = value * 128 + (next & 127);
      if (next < 128) return value;
    }
  }
  /** A header packet's payload, after its startcode and without its checksum. */
  function* packet(): Generator<undefined, Cursor> {
    const length = yield* variable();
    if (length > LONG_PACKET) yield* fill(new Uint8Array(4), 0);
    const payload = new Uint8Array(length);
    yield* fill(payload, 0);
    return createCursor(payload.subarray(0, length - 4));
  }

  function* parse(): Generator<undefined, never> {
    const id = new Uint8Array(FILE_ID.length);
    yield* fill(id, 0);
    if (Buffer.from(id).toString('latin1') !== FILE_ID) throw new Error('not a NUT stream');

    let main: MainHeader | null = null;
    let timeBase: TimeBase = { num: 1, den: 1 };
    let ptsShift = 0;
    let lastPts = 0;
    for (;;) {
      const code = yield* byte();
      if (code === STARTCODE) {
        const startcode = new Uint8Array(7);
        yield* fill(startcode, 0);
        const cursor = yield* packet();
        if (startcode[0] === MAIN) {
          main = readMain(cursor);
        } else if (startcode[0] === STREAM && main !== null) {
          const stream = readStream(cursor);
          timeBase = entry(main.timeBases, stream.timeBase);
          ptsShift = stream.ptsShift;
          handlers.onVideo(stream.video);
        } else if (startcode[0] === SYNCPOINT && main !== null) {
          const coded = cursor.variable();
          const base = entry(main.timeBases, coded % main.timeBases.length);
          const pts = Math.floor(coded / main.timeBases.length);
          lastPts = Math.floor((pts * base.num * timeBase.den) / (base.den * timeBase.num));
        }
        continue; // Info and index packets tell nothing that is needed here.
      }

      if (main === null) throw new Error('a NUT frame before the header');
      const known = entry(main.frameCodes, code);
      let { flags, headerIdx, reserved } = known;
      let size = known.sizeLsb;
      if ((flags & INVALID) !== 0) throw new Error(`invalid NUT frame code ${code}`);
      if ((flags & CODED) !== 0) flags ^= yield* variable();
      if ((flags & STREAM_ID) !== 0) yield* variable();
      if ((flags & CODED_PTS) !== 0) {
        const coded = yield* variable();
        const range = 2 ** ptsShift;
        if (coded >= range) {
          lastPts = coded - range;
        } else {
          const lowest = lastPts - Math.floor((range - 1) / 2);
          lastPts = lowest + ((((coded - lowest) % range) + range) % range);
        }
      } else {
        lastPts += known.ptsDelta;
      }
      if ((flags & SIZE_MSB) !== 0) size += known.sizeMul * (yield* variable());
      if ((flags & MATCH_TIME) !== 0) yield* variable();
      if ((flags & HEADER_IDX) !== 0) headerIdx = yield* variable();
      if ((flags & RESERVED) !== 0) reserved = yield* variable();
      for (let i = 0; i < reserved; i++) yield* variable();
      if ((flags & CHECKSUM) !== 0) yield* fill(new Uint8Array(4), 0);
      if ((flags & SIDE_DATA) !== 0) throw new Error('a NUT frame with side data');

      const elided = size > LONG_PACKET ? undefined : main.elided[headerIdx];
      partial = handlers.allocate(size);
      if (elided !== undefined) partial.set(elided);
      yield* fill(partial, elided?.length ?? 0);
      const frame = partial;
      partial = null;
      handlers.onFrame(Math.round((lastPts * timeBase.num * 1e6) / timeBase.den), frame);
    }
  }

  const parser = parse();
  return {
    push(more) {
      bytes = more;
      at = 0;
      parser.next();
    },
    partialFrame: () => partial,
  };
}

interface Cursor {
  variable(): number;
  signed(): number;
  skip(count: number): Uint8Array;
  readonly left: number;
}

function createCursor(bytes: Uint8Array): Cursor {
  let at = 0;
  const variable = (): number => {
    let value = 0;
    for (;;) {
      const next = bytes[at++];
      if (next === undefined) throw new Error('a NUT header that ends too early');
      value = value * 128 + (next & 127);
      if (next < 128) return value;
    }
  };
  return {
    variable,
    signed() {
      const value = variable() + 1;
      return value % 2 === 1 ? -(value - 1) / 2 : value / 2;
    },
    skip(count) {
      at += count;
      return bytes.subarray(at - count, at);
    },
    get left() {
      return bytes.length - at;
    },
  };
}

function readMain(cursor: Cursor): MainHeader {
  const version = cursor.variable();
  if (version > 3) cursor.variable();
  const streams = cursor.variable();
  if (streams !== 1) throw new Error(`a NUT stream with ${streams} streams`);
  cursor.variable(); // max_distance
  const timeBases = Array.from({ length: cursor.variable() }, () => ({
    num: cursor.variable(),
    den: cursor.variable(),
  }));

  const frameCodes: FrameCode[] = [];
  const invalid = { flags: INVALID, sizeMul: 0, sizeLsb: 0, ptsDelta: 0, reserved: 0, headerIdx: 0 };
  let ptsDelta = 0;
  let sizeMul = 1;
  let headerIdx = 0;
  while (frameCodes.length < 256) {
    const flags = cursor.variable();
    const fields = cursor.variable();
    if (fields > 0) ptsDelta = cursor.signed();
    if (fields > 1) sizeMul = cursor.variable();
    if (fields > 2) cursor.variable(); // stream id: there is one stream
    const sizeLsb = fields > 3 ? cursor.variable() : 0;
    const reserved = fields > 4 ? cursor.variable() : 0;
    let count = fields > 5 ? cursor.variable() : sizeMul - sizeLsb;
    if (fields > 6) cursor.signed(); // match time delta
    if (fields > 7) headerIdx = cursor.variable();
    for (let extra = 8; extra < fields; extra++) cursor.variable();
    for (let i = 0; count > 0 && frameCodes.length < 256; count--, i++) {
      if (frameCodes.length === STARTCODE) frameCodes.push(invalid);
      frameCodes.push({ flags, sizeMul, sizeLsb: sizeLsb + i, ptsDelta, reserved, headerIdx });
    }
  }

  const elided = [new Uint8Array(0)];
  if (cursor.left > 0) {
    for (let count = cursor.variable(); count > 0; count--)
      elided.push(cursor.skip(cursor.variable()).slice());
  }
  return { timeBases, frameCodes, elided };
}

function readStream(cursor: Cursor): {
  readonly timeBase: number;
  readonly ptsShift: number;
  readonly video: NutVideo;
} {
  cursor.variable(); // stream id
  if (cursor.variable() !== 0) throw new Error('a NUT stream that is not video');
  cursor.skip(cursor.variable()); // fourcc
  const timeBase = cursor.variable();
  const ptsShift = cursor.variable();
  cursor.variable(); // max_pts_distance
  cursor.variable(); // decode_delay
  cursor.variable(); // stream_flags
  cursor.skip(cursor.variable()); // codec specific data
  return { timeBase, ptsShift, video: { width: cursor.variable(), height: cursor.variable() } };
}

function entry<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`a NUT stream that refers to entry ${index} of ${list.length}`);
  return value;
}

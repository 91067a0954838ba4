import { invalidRecord } from './record-codec.js';

/** Reads what a ByteWriter wrote, and refuses everything else. */
export interface ByteReader {
  u8(what: string): number;
  u16(what: string): number;
  u32(what: string): number;
  /** A whole number that a double holds exactly. */
  i64(what: string): number;
  /** A finite number. */
  f64(what: string): number;
  /** A finite number from 0 to 1. */
  fraction(what: string): number;
  /** A text of at least one character. */
  text(what: string): string;
  /** A view of `length` bytes, not a copy. */
  bytes(length: number, what: string): Uint8Array;
  f32s(length: number, what: string): Float32Array;
  /** @throws DeadpanError E_RECORD_INVALID unless every byte was read. */
  end(): void;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads `bytes` from the start. `type` names the record in errors; every method throws E_RECORD_INVALID. */
export function createByteReader(type: string, bytes: Uint8Array): ByteReader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number, what: string): number => {
    if (at + length > view.length) throw invalidRecord(type, `it ends within its ${what}`);
    const start = at;
    at += length;
    return start;
  };
  const finite = (value: number, what: string): number => {
    if (!Number.isFinite(value)) throw invalidRecord(type, `its ${what} is not a finite number`);
    return value;
  };
  const f64 = (what: string): number => finite(view.readDoubleLE(take(8, what)), what);
  return {
    u8: (what) => view.readUInt8(take(1, what)),
    u16: (what) => view.readUInt16LE(take(2, what)),
    u32: (what) => view.readUInt32LE(take(4, what)),
    i64(what) {
      const value = Number(view.readBigInt64LE(take(8, what)));
      if (!Number.isSafeInteger(value)) throw invalidRecord(type, `its ${what} is out of range`);
      return value;
    },
    f64,
    fraction(what) {
      const value = f64(what);
      if (value < 0 || value > 1) throw invalidRecord(type, `its ${what} is ${value}, not from 0 to 1`);
      return value;
    },
    text(what) {
      const length = view.readUInt16LE(take(2, what));
      if (length === 0) throw invalidRecord(type, `its ${what} is empty`);
      const start = take(length, what);
      try {
        return utf8.decode(view.subarray(start, at));
      } catch (cause) {
        throw invalidRecord(type, `its ${what} is not UTF-8`, cause);
      }
    },
    bytes(length, what) {
      const start = take(length, what);
      return view.subarray(start, at);
    },
    f32s(length, what) {
      const start = take(length * 4, what);
      return Float32Array.from({ length }, (_, i) => finite(view.readFloatLE(start + i * 4), what));
    },
    end() {
      if (at !== view.length) throw invalidRecord(type, `${view.length - at} bytes follow its end`);
    },
  };
}

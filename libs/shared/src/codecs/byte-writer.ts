/** Appends numbers (little-endian), texts and bytes to a growing buffer. */
export interface ByteWriter {
  u8(value: number): void;
  u16(value: number): void;
  u32(value: number): void;
  /** A whole number as 64 bits, signed. */
  i64(value: number): void;
  f64(value: number): void;
  /** UTF-8 after its length in bytes as u16. */
  text(value: string): void;
  bytes(value: Uint8Array): void;
  f32s(values: Float32Array): void;
  /** What was written so far. */
  done(): Buffer;
}

/** Creates an empty writer. Numbers that do not fit throw a RangeError: that is a bug of the writer's user. */
export function createByteWriter(): ByteWriter {
  const parts: Uint8Array[] = [];
  const number = (size: number, write: (part: Buffer) => void): void => {
    const part = Buffer.alloc(size);
    write(part);
    parts.push(part);
  };
  return {
    u8: (value) => {
      number(1, (part) => part.writeUInt8(value));
    },
    u16: (value) => {
      number(2, (part) => part.writeUInt16LE(value));
    },
    u32: (value) => {
      number(4, (part) => part.writeUInt32LE(value));
    },
    i64: (value) => {
      number(8, (part) => part.writeBigInt64LE(BigInt(value)));
    },
    f64: (value) => {
      number(8, (part) => part.writeDoubleLE(value));
    },
    text(value) {
      const encoded = Buffer.from(value, 'utf8');
      this.u16(encoded.length);
      parts.push(encoded);
    },
    bytes: (value) => void parts.push(value),
    f32s(values) {
      number(values.length * 4, (part) => {
        values.forEach((value, i) => part.writeFloatLE(value, i * 4));
      });
    },
    done: () => Buffer.concat(parts),
  };
}

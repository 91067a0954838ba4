/** A message of the protobuf wire format under construction: its encoded fields in order. */
export type Message = readonly Uint8Array[];

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const encoder = new TextEncoder();

/** A whole number as base-128 varint; negative numbers in ten bytes of two's complement, as protobuf's int64. */
export function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Field `number` holding a whole number (int32, int64, enum). */
export function intField(number: number, value: number | bigint): Message {
  return [varint((number << 3) | VARINT), varint(value)];
}

/** Field `number` holding a 32-bit float. */
export function floatField(number: number, value: number): Message {
  return [varint((number << 3) | FIXED_32), new Uint8Array(new Float32Array([value]).buffer)];
}

/** Field `number` holding bytes. */
export function bytesField(number: number, bytes: Uint8Array): Message {
  return [varint((number << 3) | LENGTH_DELIMITED), varint(bytes.length), bytes];
}

/** Field `number` holding UTF-8 text. */
export function textField(number: number, text: string): Message {
  return bytesField(number, encoder.encode(text));
}

/** Field `number` holding another message. */
export function messageField(number: number, message: Message): Message {
  return [varint((number << 3) | LENGTH_DELIMITED), varint(sizeOf(message)), ...message];
}

/** The message as one block of bytes. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(sizeOf(message));
  let offset = 0;
  for (const part of message) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function sizeOf(message: Message): number {
  return message.reduce((sum, part) => sum + part.length, 0);
}

/** A field as it stands in the bytes: a whole number, a 32-bit float, or the bytes of text or of another message. */
export interface Field {
  readonly number: number;
  readonly value: bigint | number | Uint8Array;
}

/**
 * Reads the fields of an encoded message in their order.
 * @throws RangeError where the bytes end inside a field or hold a type that {@link encodeMessage} never writes
 */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('a message ends inside a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new RangeError('a whole number has no end');
  };
  while (at < bytes.length) {
    const key = Number(readVarint());
    const number = key >> 3;
    const wire = key & 7;
    if (wire === VARINT) yield { number, value: readVarint() };
    else if (wire === LENGTH_DELIMITED) yield { number, value: take(Number(readVarint())) };
    else if (wire === FIXED_32)
      yield { number, value: new Float32Array(Uint8Array.from(take(4)).buffer)[0] ?? 0 };
    else throw new RangeError(`a field of the unknown wire type ${wire}`);
  }
}

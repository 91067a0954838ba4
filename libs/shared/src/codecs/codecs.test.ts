import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { AlignedFace, Emotion, Expression, FrameReference } from '../contracts/index.js';
import { CLASSES } from '../contracts/index.js';
import { DeadpanError } from '../errors/index.js';
import { toEmotionMessage, toExpressionMessage, toStatusMessage } from '../messages/index.js';
import { emotionCodec } from './emotion-codec.js';
import { expressionCodec } from './expression-codec.js';
import { faceCodec } from './face-codec.js';
import { facePairCodec } from './face-pair-codec.js';
import { frameCodec } from './frame-codec.js';
import { rawFrameCodec } from './raw-frame-codec.js';
import type { RecordCodec } from './record-codec.js';
import { statusCodec } from './status-codec.js';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const side = fc.integer({ min: 1, max: 8192 });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const pixels = fc.uint8Array({ minLength: 4096, maxLength: 4096 });
const reference: fc.Arbitrary<FrameReference> = fc.record({
  camera: name,
  epoch: u32,
  sequence: u32,
  timeUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
  width: side,
  height: side,
});
const face: fc.Arbitrary<AlignedFace> = fc.record({
  track: name,
  box: fc.record({ x: finite, y: finite, width: finite, height: finite }),
  detection: fraction,
  landmarks: fc.float32Array({ minLength: 136, maxLength: 136, noNaN: true, noDefaultInfinity: true }),
  pose: fc.record({ yaw: finite, pitch: finite, roll: finite }),
  quality: fraction,
  crop: pixels,
});
const jpeg = fc
  .uint8Array({ maxLength: 300 })
  .map((middle) => Uint8Array.from([0xff, 0xd8, ...middle, 0xff, 0xd9]));
const frames = fc
  .tuple(reference, fc.record({ imageWidth: side, imageHeight: side, jpeg }))
  .map(([about, image]) => ({ ...about, ...image }));
const faces = fc
  .tuple(reference, fc.nat(9), fc.option(face))
  .map(([about, count, one]) => ({ ...about, faces: count, face: one }));
const pairs = fc
  .tuple(reference, fc.nat(9), fc.option(fc.tuple(face, pixels)))
  .map(([about, count, one]) => ({
    ...about,
    faces: count,
    face: one === null ? null : { ...one[0], reference: one[1] },
  }));

/** Typed arrays as plain ones: a decoded view is a Buffer, which deepEqual tells apart. */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
};
const refused = (error: unknown): boolean =>
  error instanceof DeadpanError && error.code === 'E_RECORD_INVALID';

function testBinary<T>(codec: RecordCodec<T>, records: fc.Arbitrary<T>): void {
  test(`${codec.type}: what is written is read back to the last bit`, () => {
    fc.assert(
      fc.property(records, (record) => {
        assert.deepEqual(plain(codec.decode(codec.encode(record))), plain(record));
      }),
      { numRuns: 60 },
    );
  });

  test(`${codec.type}: a record cut anywhere, with a surplus byte or of another version is refused`, () => {
    fc.assert(
      fc.property(records, fraction, (record, where) => {
        const bytes = codec.encode(record);
        const cut = Math.floor(where * (bytes.length - 1));
        assert.throws(() => codec.decode(bytes.subarray(0, cut)), refused);
        assert.throws(() => codec.decode(Buffer.concat([bytes, Buffer.from([0])])), refused);
        const newer = Uint8Array.from(bytes);
        newer[1] = 2;
        assert.throws(() => codec.decode(newer), /version is 2/);
      }),
      { numRuns: 60 },
    );
  });

  test(`${codec.type}: garbage is refused, never thrown as a bug`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, begun) => {
        const start = codec.encode(fc.sample(records, { numRuns: 1, seed: 1 })[0] as T).subarray(0, 2);
        assert.throws(() => codec.decode(begun ? Buffer.concat([start, bytes]) : bytes), refused);
      }),
    );
  });
}

const rawFrames = fc.tuple(reference, fc.nat(5), fc.nat(5)).map(([about, w, h]) => ({
  ...about,
  image: { width: w + 1, height: h + 1, data: new Uint8Array((w + 1) * (h + 1) * 3).fill(w * h) },
}));

testBinary(frameCodec, frames);
testBinary(rawFrameCodec, rawFrames);
testBinary(faceCodec, faces);
testBinary(facePairCodec, pairs);

test('numbers that are none and probabilities beyond 1 are refused', () => {
  const [sample] = fc.sample(
    faces.filter((record) => record.face !== null),
    { numRuns: 1, seed: 1 },
  );
  assert.ok(sample?.face);
  const broken = { ...sample, face: { ...sample.face, detection: 1.5 } };
  assert.throws(() => faceCodec.decode(faceCodec.encode(broken)), /detection is 1.5/);
  const nan = { ...sample, face: { ...sample.face, pose: { yaw: Number.NaN, pitch: 0, roll: 0 } } };
  assert.throws(() => faceCodec.decode(faceCodec.encode(nan)), /yaw is not a finite number/);
});

const about: FrameReference = {
  camera: 'door',
  epoch: 1,
  sequence: 7,
  timeUs: 1_700_000_000_123_456,
  width: 640,
  height: 360,
};

test('expressions, emotions and statuses are read back as the public messages tell of them', () => {
  const probabilities = CLASSES.map((_, k) => (k === 1 ? 0.65 : 0.05));
  const expression: Expression = {
    ...about,
    faces: 1,
    face: {
      track: 't1',
      box: { x: 1, y: 2, width: 3, height: 4 },
      detection: 0.9,
      landmarks: new Float32Array(136),
      pose: { yaw: 1, pitch: 2, roll: 3 },
      quality: 0.8,
      probabilities,
      intensity: 0.5,
      model: 'fer 1',
    },
  };
  assert.deepEqual(
    toExpressionMessage(expressionCodec.decode(expressionCodec.encode(expression))),
    toExpressionMessage(expression),
  );
  assert.equal(expressionCodec.key(expression), 'door/t1');
  assert.equal(expressionCodec.id(expression), 'door/1/7/t1');
  const nobody: Expression = { ...about, faces: 0, face: null };
  assert.deepEqual(expressionCodec.decode(expressionCodec.encode(nobody)), nobody);
  assert.equal(expressionCodec.key(nobody), 'door');

  const emotion: Emotion = {
    camera: 'door',
    epoch: 1,
    track: 't1',
    startUs: 1_700_000_000_000_000,
    endUs: 1_700_000_003_000_000,
    frames: 28,
    missed: 2,
    firstUs: 1_700_000_000_100_000,
    lastUs: 1_700_000_002_900_000,
    probabilities,
    expression: 'happiness',
    intensity: 0.5,
    model: 'fer 1',
  };
  assert.deepEqual(
    toEmotionMessage(emotionCodec.decode(emotionCodec.encode(emotion))),
    toEmotionMessage(emotion),
  );
  assert.equal(emotionCodec.key(emotion), emotionCodec.id(emotion));

  const status = {
    camera: 'door',
    state: 'streaming' as const,
    timeUs: about.timeUs,
    epoch: 1,
    fpsIn: 25,
    fpsAnalysed: 10,
    fpsDropped: 0,
    latencyMs: null,
    stalls: 0,
    reconnects: 1,
    lastError: null,
  };
  assert.deepEqual(toStatusMessage(statusCodec.decode(statusCodec.encode(status))), toStatusMessage(status));
});

test('JSON that is none, of another type or without a field is refused; a field more is passed over', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  assert.throws(() => emotionCodec.decode(bytes('{')), refused);
  assert.throws(() => emotionCodec.decode(Uint8Array.from([0x22, 0xff, 0x22])), refused);
  assert.throws(() => emotionCodec.decode(bytes('{"type":"status"}')), refused);
  const status =
    '{"type":"status","at":"2026-01-01T00:00:00.000Z","camera":"a","epoch":0,"state":"waiting","fps":{"in":0,"analysed":0,"dropped":0},"latencyMs":null,"stalls":0,"reconnects":0,"lastError":null,"later":1}';
  assert.equal(statusCodec.decode(bytes(status)).camera, 'a');
});

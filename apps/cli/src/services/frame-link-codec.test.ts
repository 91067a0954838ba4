import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeadpanError, frameCodec, frameId, type Frame } from '@deadpan/shared';

import { createFrameLinkCodec } from './frame-link-codec.js';
import { serviceConfig } from './service-config.js';

const jpeg = createFrameLinkCodec(serviceConfig.parse({}));
const raw = createFrameLinkCodec(serviceConfig.parse({ frames: 'raw' }));

/** A frame with a soft slope of colours, over shared memory as ingest's are. */
function slope(width: number, height: number): Frame {
  const data = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  for (let i = 0; i < width * height; i += 1) {
    data.set([Math.round(((i % width) / width) * 255), Math.round((i / width / height) * 255), 128], i * 3);
  }
  const about = { camera: 'door', epoch: 1, sequence: 2, timeUs: 3_000_000, width: 1280, height: 960 };
  return { ...about, image: { width, height, data }, release: () => undefined };
}

test('raw frames come back to the last bit, JPEG ones nearly, each whichever codec reads them', () => {
  const frame = slope(64, 48);
  for (const [sent, read, most] of [
    [raw, jpeg, 0],
    [jpeg, raw, 6],
  ] as const) {
    const { image, ...about } = read.decode(sent.encode(frame));
    const original = frame.image;
    assert.equal(frameId(about), frameId(frame));
    assert.deepEqual([about.timeUs, about.width, about.height], [3_000_000, 1280, 960]);
    assert.deepEqual([image.width, image.height], [64, 48]);
    const errors = Array.from(image.data, (value, i) => Math.abs(value - (original.data[i] ?? 0)));
    assert.ok(Math.max(...errors) <= most, `${Math.max(...errors)}`);
    assert.ok(image.data.buffer instanceof SharedArrayBuffer);
  }
  assert.ok(jpeg.encode(frame).length * 4 < raw.encode(frame).length);
});

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof DeadpanError && error.code === 'E_RECORD_INVALID' && pattern.test(error.message);

test('pictures that are none, or not of the size that they claim, are refused', () => {
  const { jpeg: picture, ...about } = frameCodec.decode(jpeg.encode(slope(64, 48)));
  const noise = Uint8Array.from([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]);
  const encoded = (changes: object): Uint8Array => frameCodec.encode({ ...about, jpeg: picture, ...changes });
  assert.throws(() => jpeg.decode(encoded({ jpeg: noise })), refused(/cannot be read/));
  assert.throws(() => jpeg.decode(encoded({ imageWidth: 128 })), refused(/is 64 x 48, not 128 x 48/));
  assert.throws(() => jpeg.decode(encoded({ imageWidth: 32 })), refused(/cannot be read/));
  assert.throws(() => jpeg.decode(encoded({ imageWidth: 0xffffffff })), refused(/too large/));
  assert.throws(() => raw.decode(raw.encode(slope(8, 8)).subarray(0, -1)), refused(/ends within its pixels/));
});

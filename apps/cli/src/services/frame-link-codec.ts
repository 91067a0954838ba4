import {
  frameCodec,
  frameId,
  invalidRecord,
  rawFrameCodec,
  type Frame,
  type FrameReference,
  type RecordCodec,
  type RgbImage,
} from '@deadpan/shared';
import turbo from '@julusian/jpeg-turbo';

import type { ServiceConfig } from './service-config.js';

/** Longest side of a picture that is expanded; ingest never sends larger ones. */
const MAX_SIDE = 8192;
const RAW = 'R'.charCodeAt(0);

/**
 * Frames at the edge of Kafka: pixels are compressed as the configuration says, and read back whichever way they were
 * sent. What is read back owns its pixels, so releasing it does nothing.
 */
export function createFrameLinkCodec({ frames, jpegQuality }: ServiceConfig): RecordCodec<Frame> {
  return {
    type: frameCodec.type,
    contentType: frameCodec.contentType,
    encode: (frame) => (frames === 'raw' ? rawFrameCodec.encode(frame) : encodeJpeg(frame, jpegQuality)),
    decode: (bytes) => (bytes[0] === RAW ? readRaw(bytes) : readJpeg(bytes)),
    id: frameId,
    key: (frame) => frame.camera,
  };
}

function encodeJpeg(frame: Frame, quality: number): Uint8Array {
  const { width, height, data } = frame.image;
  const jpeg = turbo.compressSync(Buffer.from(data.buffer, data.byteOffset, data.byteLength), {
    ...{ width, height, quality },
    format: turbo.FORMAT_RGB,
    subsampling: turbo.SAMP_420,
  });
  return frameCodec.encode({ ...frame, imageWidth: width, imageHeight: height, jpeg });
}

function readJpeg(bytes: Uint8Array): Frame {
  const { jpeg, imageWidth: width, imageHeight: height, ...reference } = frameCodec.decode(bytes);
  const data = pixels(width, height);
  const picture = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let found: { readonly width: number; readonly height: number };
  try {
    found = turbo.decompressSync(picture, Buffer.from(data.buffer), { format: turbo.FORMAT_RGB });
  } catch (cause) {
    throw invalidRecord(frameCodec.type, 'its JPEG cannot be read', cause);
  }
  if (found.width !== width || found.height !== height) {
    throw invalidRecord(
      frameCodec.type,
      `its JPEG is ${found.width} x ${found.height}, not ${width} x ${height}`,
    );
  }
  return frameOf(reference, { width, height, data });
}

function readRaw(bytes: Uint8Array): Frame {
  const { image, ...reference } = rawFrameCodec.decode(bytes);
  const data = pixels(image.width, image.height);
  data.set(image.data);
  return frameOf(reference, { ...image, data });
}

/** Over shared memory, so that workers read them without a copy. */
function pixels(width: number, height: number): Uint8Array<SharedArrayBuffer> {
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw invalidRecord(frameCodec.type, `its picture of ${width} x ${height} is too large`);
  return new Uint8Array(new SharedArrayBuffer(width * height * 3));
}

const frameOf = (reference: FrameReference, image: RgbImage): Frame => ({
  ...reference,
  image,
  release: () => undefined,
});

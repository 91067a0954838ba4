import { open } from 'node:fs/promises';

/** What a file is, as far as its bytes tell without being decoded. */
export type MediaKind =
  | {
      readonly kind: 'image';
      readonly decoder: 'mjpeg' | 'png' | 'bmp' | 'webp' | 'tiff';
      /** EXIF orientation, 1 to 8; 1 is upright. */
      readonly orientation: number;
    }
  | {
      readonly kind: 'video';
      /** Whether the container has an index by which ffmpeg lands safely before a given time. */
      readonly seekable: boolean;
    }
  | {
      /** A picture that ffmpeg cannot read, or of which it makes something else without a word. */
      readonly kind: 'unreadable';
      /** What it is, with its article. */
      readonly what: string;
    };

/** Bytes of the file from a place on: fewer where it ends before. */
type Read = (at: number, bytes: number) => Promise<Buffer>;

const HEAD_BYTES = 1024;

/** Of PNG and WebP. */
const CHUNK_TYPE = /^[A-Za-z][A-Za-z0-9 ]{3}$/;
/** Tags of a TIFF directory (TIFF 6.0; Exif 2.3 has the same). */
const COMPRESSION = 0x0103;
const ORIENTATION = 0x0112;
/** Of TIFF: the former and the present way to put JPEG into it. */
const JPEG_IN_TIFF = [6, 7];

/**
 * Looks at a file, whatever its name says: a still image, or something that ffmpeg probes itself.
 *
 * Images are told apart because ffmpeg's own guess goes by the file's name, takes `%03d` in it for a pattern, and
 * does not turn pictures upright: JPEG in versions before 5, the others never.
 */
export async function mediaKind(path: string): Promise<MediaKind> {
  const file = await open(path, 'r');
  try {
    return await kindOf(async (at, bytes) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

async function kindOf(read: Read): Promise<MediaKind> {
  const head = await read(0, HEAD_BYTES);
  const text = (from: number, to: number): string => head.toString('latin1', from, to);

  if (head.length > 3 && head.readUIntBE(0, 3) === 0xffd8ff) {
    return { kind: 'image', decoder: 'mjpeg', orientation: await jpegOrientation(read) };
  }
  // An animated PNG announces its frames before the first of them and is read as a video.
  if (text(0, 8) === '\x89PNG\r\n\x1a\n' && !text(8, HEAD_BYTES).includes('acTL')) {
    return { kind: 'image', decoder: 'png', orientation: await pngOrientation(read) };
  }
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') {
    const flags = text(12, 16) === 'VP8X' ? (head[20] ?? 0) : 0;
    if ((flags & 2) !== 0) return { kind: 'unreadable', what: 'an animated WebP' };
    return { kind: 'image', decoder: 'webp', orientation: await webpOrientation(read) };
  }
  if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*') {
    const tags = await tiffTags(read, 0);
    // ffmpeg makes a black picture of it.
    if (JPEG_IN_TIFF.includes(tags.get(COMPRESSION) ?? 0)) {
      return { kind: 'unreadable', what: 'a TIFF with JPEG in it' };
    }
    return { kind: 'image', decoder: 'tiff', orientation: orientationIn(tags) };
  }
  if (text(0, 2) === 'BM' && text(6, 10) === '\0\0\0\0') {
    return { kind: 'image', decoder: 'bmp', orientation: 1 };
  }
  if (isHeic(head)) return { kind: 'unreadable', what: 'a HEIC picture' };
  return { kind: 'video', seekable: text(4, 8) === 'ftyp' || text(0, 4) === '\x1a\x45\xdf\xa3' };
}

/** Whether the brands are those of a still picture in HEVC (ISO/IEC 23008-12), which cameras cut into tiles. */
function isHeic(head: Buffer): boolean {
  if (head.toString('latin1', 4, 8) !== 'ftyp') return false;
  const [major = '', ...compatible] = [8, ...steps(16, Math.min(head.readUInt32BE(0), head.length), 4)].map(
    (at) => head.toString('latin1', at, at + 4),
  );
  const heic = (brand: string): boolean => /^hei[cxms]$/.test(brand);
  return heic(major) || (major === 'mif1' && compatible.some(heic));
}

const steps = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);

/** The orientation in the Exif segment of a JPEG; 1 where it says nothing. */
async function jpegOrientation(read: Read): Promise<number> {
  for (let at = 2; ;) {
    const segment = await read(at, 10);
    if (segment.length < 4) return 1;
    const marker = segment.readUInt16BE(0);
    const length = segment.readUInt16BE(2);
    if (marker < 0xff01 || marker === 0xffda || length < 2) return 1;
    if (marker === 0xffe1 && segment.toString('latin1', 4) === 'Exif\0\0') {
      return orientationIn(await tiffTags(read, at + 10));
    }
    at += 2 + length;
  }
}

/** The orientation in the chunk eXIf of a PNG, which may come before or after the pixels. */
async function pngOrientation(read: Read): Promise<number> {
  for (let at = 8; ;) {
    const chunk = await read(at, 8);
    const type = chunk.toString('latin1', 4);
    if (!CHUNK_TYPE.test(type)) return 1;
    if (type === 'eXIf') return orientationIn(await tiffTags(read, at + 8));
    at += 12 + chunk.readUInt32BE(0);
  }
}

/** The orientation in the chunk EXIF of a WebP, which comes after the pixels. */
async function webpOrientation(read: Read): Promise<number> {
  for (let at = 12; ;) {
    const chunk = await read(at, 14);
    const type = chunk.toString('latin1', 0, 4);
    if (chunk.length < 8 || !CHUNK_TYPE.test(type)) return 1;
    if (type === 'EXIF') {
      // Some writers keep what a JPEG has before it.
      const before = chunk.toString('latin1', 8) === 'Exif\0\0' ? 6 : 0;
      return orientationIn(await tiffTags(read, at + 8 + before));
    }
    const length = chunk.readUInt32LE(4);
    at += 8 + length + (length % 2);
  }
}

function orientationIn(tags: ReadonlyMap<number, number>): number {
  const orientation = tags.get(ORIENTATION) ?? 1;
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/** The first directory of the TIFF that begins at `base`: its tags, with the value of those that hold one short number. */
async function tiffTags(read: Read, base: number): Promise<ReadonlyMap<number, number>> {
  const tags = new Map<number, number>();
  const header = await read(base, 8);
  if (header.length < 8) return tags;
  const little = header.toString('latin1', 0, 2) === 'II';
  const u16 = (bytes: Buffer, at: number): number =>
    little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const directory = base + (little ? header.readUInt32LE(4) : header.readUInt32BE(4));
  const count = await read(directory, 2);
  if (count.length < 2) return tags;
  const entries = await read(directory + 2, 12 * u16(count, 0));
  for (let at = 0; at + 12 <= entries.length; at += 12) tags.set(u16(entries, at), u16(entries, at + 8));
  return tags;
}

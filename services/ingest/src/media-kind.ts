import { open } from 'node:fs/promises';

/** What a file is, as far as its first bytes tell. */
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
    };

const HEAD_BYTES = 256 * 1024;

/**
 * Looks at the first bytes of a file, whatever its name says: a still image, or something that ffmpeg probes itself.
 *
 * Images are told apart because ffmpeg's own guess goes by the file's name, takes `%03d` in it for a pattern, and
 * does not turn pictures upright in versions before 5.
 */
export async function mediaKind(path: string): Promise<MediaKind> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return kindOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function kindOf(head: Buffer): MediaKind {
  const text = (from: number, to: number): string => head.toString('latin1', from, to);
  const image = (decoder: 'png' | 'bmp' | 'webp' | 'tiff'): MediaKind => ({
    kind: 'image',
    decoder,
    orientation: 1,
  });

  if (head.length > 3 && head.readUIntBE(0, 3) === 0xffd8ff) {
    return { kind: 'image', decoder: 'mjpeg', orientation: jpegOrientation(head) };
  }
  // An animated PNG announces its frames before the first of them and is read as a video.
  if (text(0, 8) === '\x89PNG\r\n\x1a\n' && !text(8, 1024).includes('acTL')) return image('png');
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return image('webp');
  if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*') return image('tiff');
  if (text(0, 2) === 'BM' && text(6, 10) === '\0\0\0\0') return image('bmp');
  return { kind: 'video', seekable: text(4, 8) === 'ftyp' || text(0, 4) === '\x1a\x45\xdf\xa3' };
}

/** The EXIF orientation of a JPEG (Exif 2.3, tag 0x0112 of IFD0); 1 where it says nothing. */
function jpegOrientation(head: Buffer): number {
  for (let at = 2; at + 4 <= head.length;) {
    const marker = head.readUInt16BE(at);
    const length = head.readUInt16BE(at + 2);
    if (marker < 0xff01 || marker === 0xffda || length < 2) return 1;
    if (marker === 0xffe1 && head.toString('latin1', at + 4, at + 10) === 'Exif\0\0') {
      return tiffOrientation(head.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
  return 1;
}

function tiffOrientation(tiff: Buffer): number {
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  if (tiff.length < 8) return 1;
  const ifd = u32(4);
  if (ifd + 2 > tiff.length) return 1;
  for (let i = 0, count = u16(ifd); i < count; i++) {
    const at = ifd + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (u16(at) === 0x0112) {
      const orientation = u16(at + 8);
      return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
  }
  return 1;
}

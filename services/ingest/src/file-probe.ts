import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createDecoderReport } from './decoder-report.js';
import { startFfmpeg } from './ffmpeg-child.js';
import type { Ffmpeg } from './ffmpeg.js';
import { formatArguments } from './file-command.js';
import { mediaKind } from './media-kind.js';

/** How long a file is, as its container says, without a frame being decoded. */
export interface FileLength {
  readonly kind: 'video' | 'image';
  /** Null for images and where the container does not say. */
  readonly durationUs: number | null;
  /** An average where the rate varies; null for images and where the container does not say. */
  readonly nominalFps: number | null;
}

/** Looks how long a file is; null where it is no video and no image that can be read: reading it says why. */
export async function fileLength(ffmpeg: Ffmpeg, path: string): Promise<FileLength | null> {
  const absolute = resolve(path);
  // What is no file may keep whoever opens it waiting for ever, as a pipe does that nobody writes to.
  const isFile = await stat(absolute).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile) return null;
  const media = await mediaKind(absolute).catch(() => null);
  if (media === null || media.kind === 'unreadable') return null;
  if (media.kind === 'image') return { kind: 'image', durationUs: null, nominalFps: null };
  const { report, line } = createDecoderReport();
  const child = startFfmpeg(ffmpeg, formatArguments(absolute), line);
  child.stdout.resume();
  await child.ended.catch(() => undefined);
  const { opened, durationUs, nominalFps } = report;
  return opened ? { kind: 'video', durationUs, nominalFps } : null;
}

import { sentenceOf } from '@deadpan/shared';
import { cameraAddress } from './camera-address.js';
import { cameraCommand } from './camera-command.js';
import { cameraLoss, knownLoss } from './camera-loss.js';
import { CAMERA_PIXELS } from './config.js';
import { createDecoderReport, type ScaledSize } from './decoder-report.js';
import type { Ffmpeg } from './ffmpeg.js';
import { startFfmpeg, type ChildExit } from './ffmpeg-child.js';
import { createNutReader } from './nut-reader.js';

/** What an address turned out to offer. Holds no credentials. */
export interface CameraProbeResult {
  readonly reachable: boolean;
  readonly codec: string | null;
  /** Upright size in square pixels; null where no picture came. */
  readonly width: number | null;
  readonly height: number | null;
  /** The rate that the camera claims. */
  readonly fps: number | null;
  /** ffmpeg's own words. */
  readonly answer: string;
  /** What went wrong, as a sentence; null when a picture came. */
  readonly error: string | null;
  /** The first picture as raw rgb24, scaled down. */
  readonly picture: { readonly width: number; readonly height: number; readonly data: Uint8Array } | null;
}

/** Lines of ffmpeg's answer that are kept, and the longest side of the picture. */
const LIMITS = { lines: 60, side: 640 };
/** Longest wait for a first picture, and for a silent socket, in milliseconds. */
const WAIT = { pictureMs: 15_000, socketMs: 5_000 };

/**
 * Asks an address for one picture, and tells what ffmpeg made of it. Never rejects for what the address did; `signal`
 * ends it early.
 * @throws DeadpanError E_USAGE for an address that cannot be one
 */
export async function probeCamera(
  ffmpeg: Ffmpeg,
  text: string,
  signal?: AbortSignal,
): Promise<CameraProbeResult> {
  const address = cameraAddress(text);
  const { report, line } = createDecoderReport();
  const lines: string[] = [];
  let answered = false;
  const command = cameraCommand(ffmpeg, address, {
    fps: 1,
    maxSide: LIMITS.side,
    maxPixels: CAMERA_PIXELS,
    timeoutUs: WAIT.socketMs * 1000,
  });
  let picture: { size: ScaledSize; data: Uint8Array } | null = null;
  const clock = { ranOut: false };

  const child = startFfmpeg(
    ffmpeg,
    command.args,
    (said) => {
      line(said);
      const words = answerLine(said, address.shown);
      // What follows is about what ffmpeg writes, which is for this program.
      if (words !== null && /^(Stream mapping|Output #0)/.test(words)) answered = true;
      if (words !== null && !answered && lines.length < LIMITS.lines) lines.push(address.redact(words));
    },
    command.input,
  );
  const stop = (): void => void child.stop();
  const timer = setTimeout(() => {
    clock.ranOut = true;
    stop();
  }, WAIT.pictureMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();

  const reader = createNutReader({
    onVideo: () => undefined,
    allocate: (bytes) => new Uint8Array(bytes),
    onFrame(_, data) {
      const size = report.sizes.at(-1);
      if (picture !== null || size === undefined || data.length !== size.width * size.height * 3) return;
      picture = { size, data };
      stop();
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch {
      stop();
    }
  });

  let exit: ChildExit | null = null;
  let failure: string | null = null;
  try {
    exit = await child.ended;
  } catch (error) {
    failure = sentenceOf(error);
  }
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);

  const found = picture as { size: ScaledSize; data: Uint8Array } | null;
  const loss = exit === null || found !== null ? null : cameraLoss(report, exit, false);
  // ffmpeg goes on looking for what it cannot decode.
  const timeout = clock.ranOut
    ? (knownLoss(report)?.reason ?? `no picture came within ${WAIT.pictureMs / 1000} s`)
    : null;
  const reason = failure ?? timeout ?? loss?.reason ?? null;
  return {
    reachable: found !== null,
    codec: report.codec,
    width: found?.size.sourceWidth ?? null,
    height: found?.size.sourceHeight ?? null,
    fps: report.nominalFps,
    answer: lines.join('\n'),
    error:
      found !== null || reason === null ? null : `The address gave no picture: ${address.redact(reason)}.`,
    picture: found === null ? null : { width: found.size.width, height: found.size.height, data: found.data },
  };
}

/**
 * A line of ffmpeg's log as people know it, without its level and with the address in place of the pipe by which it came
 * in; null for what only the program needs.
 */
function answerLine(said: string, shown: string): string | null {
  const parts = /^((?:\[[^\]]* @ [^\]]*\] )*)\[(\w+)\] (.*)$/.exec(said);
  if (parts === null) return null;
  const [, origin = '', level = '', words = ''] = parts;
  // The script by which the address goes in fails with it, and says nothing new.
  if (/^\[concat @/.test(origin)) return null;
  if (level === 'verbose' || level === 'debug' || /^-?\d+\.\d+$/.test(words)) return null;
  if (/^(Press \[q\]|Exiting normally)/.test(words)) return null;
  const named = words.replace(/concat, from 'pipe:0'|^pipe:0/, (pipe) =>
    pipe === 'pipe:0' ? shown : `${shown.split(':')[0]}, from '${shown}'`,
  );
  return `${origin.replace(/ @ 0x[0-9a-f]+/g, '')}${named}`;
}

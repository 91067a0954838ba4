import { sentenceOf } from '@deadpan/shared';
import type { CameraAddress } from './camera-address.js';
import { cameraCommand, type CameraCommandOptions } from './camera-command.js';
import { cameraLoss, knownLoss, type CameraLoss } from './camera-loss.js';
import { createDecoderReport, type ScaledSize } from './decoder-report.js';
import { startFfmpeg } from './ffmpeg-child.js';
import type { Ffmpeg } from './ffmpeg.js';
import { createNutReader, type NutVideo } from './nut-reader.js';
import type { PixelPool } from './pixel-pool.js';

/** When a connection counts as lost although ffmpeg does not say so. */
export interface SessionLimits {
  /** Longest wait for the first frame, milliseconds. */
  readonly firstFrameMs: number;
  /** Longest silence after a frame. */
  readonly stallMs: number;
  /** Longest step of the stream's clock forwards. */
  readonly clockJumpMs: number;
}

/** Longest step backwards: at the start of a stream, and with bad encoders, times are not yet in order. */
const STEP_BACK_MS = 1_000;
/** RTP counts 90,000 a second in 32 bits, and ffmpeg takes a step back for the counter's overflow. */
const RTP_OVERFLOW_MS = 2 ** 32 / 90;

/** Who is told what comes from a camera. */
export interface SessionHandlers {
  /** A frame has arrived, with its time in the stream's own clock; not all of them are wanted. */
  onArrival(streamUs: number): void;
  /** No frame came for too long; the connection is being ended. */
  onStall(): void;
  /** A wanted frame, with its time in the stream's own clock. The memory is the taker's until given back. */
  onFrame(streamUs: number, data: Uint8Array, size: ScaledSize): void;
}

/** One connection to a camera, from start to end. */
export interface CameraSession {
  /** Resolves with the reason once ffmpeg is gone; null when it was stopped. Never rejects. */
  readonly lost: Promise<CameraLoss | null>;
  stop(): Promise<void>;
}

/**
 * Connects to a camera and hands on its frames until the connection is lost.
 *
 * ffmpeg does not notice a server that froze, video that stopped while sound goes on, or a clock that was set; so a
 * watchdog looks at the frames and not at the process. The pipe is never paused: what is not wanted is the taker's to
 * drop.
 */
export function startCameraSession(
  ffmpeg: Ffmpeg,
  address: CameraAddress,
  command: CameraCommandOptions,
  limits: SessionLimits,
  pool: PixelPool,
  handlers: SessionHandlers,
): CameraSession {
  const { report, line } = createDecoderReport();
  let video: NutVideo | null = null;
  let loss: CameraLoss | null = null;
  let stopped = false;
  let newest = performance.now();
  let lastStreamS: number | null = null;

  const lose = (reason: CameraLoss): void => {
    if (loss !== null || stopped) return;
    loss = reason;
    if (reason.kind === 'stalled') handlers.onStall();
    void child.stop();
  };

  const { args, input } = cameraCommand(ffmpeg, address, command);
  const child = startFfmpeg(
    ffmpeg,
    args,
    (text) => {
      const printed = /\[info\] (-?\d+\.\d+)$/.exec(text)?.[1];
      if (printed === undefined) {
        line(text);
        if (report.sizes.length > 1) lose({ kind: 'size', reason: 'the size of its pictures changed' });
        return;
      }
      const streamS = Number(printed);
      const stepMs = lastStreamS === null ? 0 : (streamS - lastStreamS) * 1000;
      lastStreamS = streamS;
      newest = performance.now();
      handlers.onArrival(streamS * 1e6);
      if (stepMs < -STEP_BACK_MS || stepMs > limits.clockJumpMs) {
        const back = stepMs > RTP_OVERFLOW_MS / 2 ? RTP_OVERFLOW_MS - stepMs : -stepMs;
        const way = back > 0 ? 'back' : 'ahead';
        lose({
          kind: 'clock',
          reason: `its clock jumped ${way} by ${(Math.abs(back) / 1000).toFixed(1)} s`,
        });
      }
    },
    input,
  );
  const reader = createNutReader({
    onVideo(found) {
      video = found;
    },
    allocate: (bytes) => pool.take(bytes),
    onFrame(streamUs, data) {
      const size = report.sizes.findLast(
        (known) => known.width === video?.width && known.height === video.height,
      );
      // The log and the frames come by different pipes: a first frame may be here before its size is known.
      if (
        size === undefined ||
        data.byteLength !== size.width * size.height * 3 ||
        loss !== null ||
        stopped
      ) {
        pool.give(data);
      } else {
        handlers.onFrame(streamUs, data, size);
      }
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch {
      lose({ kind: 'lost', reason: 'ffmpeg wrote what is not a frame' });
    }
  });

  const watchdog = setInterval(
    () => {
      const silentMs = performance.now() - newest;
      if (lastStreamS === null && silentMs > limits.firstFrameMs) {
        const reason = `no picture came within ${(limits.firstFrameMs / 1000).toFixed(1)} s`;
        // ffmpeg goes on looking for what it cannot decode.
        lose(knownLoss(report) ?? { kind: 'lost', reason });
      } else if (lastStreamS !== null && silentMs > limits.stallMs) {
        lose({ kind: 'stalled', reason: `no picture came for ${(limits.stallMs / 1000).toFixed(1)} s` });
      }
    },
    Math.min(250, limits.stallMs / 4),
  );

  const lost = child.ended
    .then(
      (exit) => (stopped ? null : (loss ?? cameraLoss(report, exit, lastStreamS !== null))),
      (error: unknown): CameraLoss => ({ kind: 'lost', reason: sentenceOf(error) }),
    )
    .then((reason) => {
      clearInterval(watchdog);
      const partial = reader.partialFrame();
      if (partial !== null) pool.give(partial);
      return reason === null ? null : { ...reason, reason: address.redact(reason.reason) };
    });

  return {
    lost,
    async stop() {
      stopped = true;
      await child.stop();
      await lost;
    },
  };
}

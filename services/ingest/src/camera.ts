import { setTimeout as delay } from 'node:timers/promises';
import {
  sentenceOf,
  type CameraState,
  type CameraStatus,
  type DropReason,
  type Frame,
} from '@deadpan/shared';
import { backoffMs } from './backoff.js';
import { cameraAnswer, localAnswer } from './camera-answer.js';
import { cameraAddress } from './camera-address.js';
import type { CameraLoss } from './camera-loss.js';
import { startCameraSession, type CameraSession } from './camera-session.js';
import { CAMERA_PIXELS } from './config.js';
import type { ScaledSize } from './decoder-report.js';
import { createEventClock } from './event-clock.js';
import type { Ffmpeg } from './ffmpeg.js';
import { createPixelPool } from './pixel-pool.js';
import { createRate } from './rate.js';

/** The times by which a camera is judged, milliseconds. */
export interface CameraTiming {
  /** Longest wait for the first frame of a connection. */
  readonly firstFrameMs: number;
  /** Longest silence between frames. */
  readonly stallMs: number;
  /** Longest step of the camera's clock, and of this machine's. */
  readonly clockJumpMs: number;
  /** Longest silence of a socket before ffmpeg gives up. */
  readonly socketMs: number;
  /** Bounds of the wait between connections: doubling, with full jitter. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
  /** Wait after a refusal: wrong password, no video. */
  readonly refusedMs: number;
  /** A connection that held this long starts the doubling anew. */
  readonly healthyMs: number;
  /** While waiting the camera is asked this often whether it is back. */
  readonly answerEveryMs: number;
  /** A frame that waited longer than this to be analysed is dropped. */
  readonly staleMs: number;
  /** How often the status is published while frames flow. */
  readonly statusEveryMs: number;
  /** How often a camera that stays away is spoken of. */
  readonly logEveryMs: number;
}

/** What is right for cameras on a local network. */
export const CAMERA_TIMING: CameraTiming = {
  firstFrameMs: 20_000,
  stallMs: 5_000,
  clockJumpMs: 5_000,
  socketMs: 5_000,
  retryFirstMs: 1_000,
  retryLongestMs: 30_000,
  refusedMs: 60_000,
  healthyMs: 60_000,
  answerEveryMs: 2_000,
  staleMs: 1_000,
  statusEveryMs: 1_000,
  logEveryMs: 60_000,
};

/** Why a frame that arrived was not handed out. */
export type CameraDropReason = Extract<DropReason, 'unsampled' | 'superseded' | 'stale' | 'closed'>;

/** What a camera is and who hears of it. */
export interface CameraOptions {
  /** The frames' `camera`. */
  readonly name: string;
  /** As for {@link cameraAddress}; may hold a name and a password. */
  readonly address: string;
  readonly ffmpeg: Ffmpeg;
  /** Analysed frames a second, sampled by time; all when absent. */
  readonly fps?: number;
  readonly maxSide?: number;
  /** Frames with more pixels are refused, and those with more than {@link CAMERA_PIXELS} in any case. */
  readonly maxPixels?: number;
  /**
   * Epoch of the first connection. Seconds since 1970 when absent: connections are seconds apart, so frames of a
   * restarted process never bear the names of earlier ones.
   */
  readonly firstEpoch?: number | undefined;
  readonly timing?: Partial<CameraTiming>;
  /** Called at each change of state and regularly while frames flow. */
  readonly onStatus?: (status: CameraStatus) => void;
  /** Called for each decoded frame. */
  readonly onArrival?: () => void;
  /** Called for each frame that is not handed out. */
  readonly onDrop?: (reason: CameraDropReason) => void;
  /** One line for people, without credentials; paced. */
  readonly log?: (level: 'info' | 'warn', line: string) => void;
}

/** A camera that is read until it is removed, whatever happens to it. */
export interface Camera {
  readonly name: string;
  /** Its address without name and password. */
  readonly address: string;
  status(): CameraStatus;
  /** Frames that arrived from the camera, that were handed out, and that were dropped, since it was added. */
  readonly counts: CameraCounts;
  /** The newest frames, for one consumer: it ends when the camera is removed. */
  readonly frames: AsyncIterable<Frame>;
  /** Says how long a frame took from capture to result, for the status. */
  observeLatency(ms: number): void;
  /** Disconnects until {@link Camera.resume}. Resolves once ffmpeg is gone. */
  pause(): Promise<void>;
  resume(): void;
  /** Disconnects for good and ends the frames. Resolves once ffmpeg is gone. */
  remove(): Promise<void>;
}

/** Counts since a camera was added. `arrived = handedOut + dropped`, but for the frames that are on their way. */
export interface CameraCounts {
  /** Decoded frames. */
  readonly arrived: number;
  /** Those that the sampling picked and that are here whole. */
  readonly sampled: number;
  readonly handedOut: number;
  readonly dropped: Readonly<Record<CameraDropReason, number>>;
}

const RATE_WINDOW_MS = 5_000;
const HOUR_MS = 3_600_000;
/** How far a printed time may be from that of the picture. */
const PRINTED_US = 1_000;
/** Arrivals that the pictures may be behind. */
const MOST_BETWEEN_PIPES = 1_000;
const LATENCIES_KEPT = 50;
const SPARE = 4;

/** The newest epoch of every camera that this process has had, by name. */
const newestEpochs = new Map<string, number>();

/** The second, so that no earlier process had it; one more where the camera began in this very second already. */
function nextEpoch(name: string): number {
  return Math.max(Math.floor(Date.now() / 1000), (newestEpochs.get(name) ?? -1) + 1);
}

/**
 * Adds a camera: connects, and connects again for as long as it lives.
 *
 * The newest frame wins: one frame waits for the consumer, a newer one takes its place, and what is dropped is counted.
 *
 * @throws DeadpanError E_USAGE for an address that cannot be one.
 */
export function createCamera(options: CameraOptions): Camera {
  const address = cameraAddress(options.address);
  const timing: CameraTiming = { ...CAMERA_TIMING, ...options.timing };
  const { name, ffmpeg } = options;
  const now = (): number => performance.now();
  const wallAheadMs = (): number => Date.now() - performance.now();
  /**
   * The wall clock as it was at the start of a connection, and from there on the steady one: event time follows a clock
   * that is set, as after a boot without one or after a sleep, but never within an epoch.
   */
  let originMs = wallAheadMs();
  const wallUs = (): number => Math.round((originMs + performance.now()) * 1000);
  const log = options.log ?? (() => undefined);

  const pool = createPixelPool(SPARE);
  const clock = createEventClock();
  const rates = {
    in: createRate(RATE_WINDOW_MS, now),
    out: createRate(RATE_WINDOW_MS, now),
    dropped: createRate(RATE_WINDOW_MS, now),
  };
  const counts = {
    arrived: 0,
    sampled: 0,
    handedOut: 0,
    dropped: { unsampled: 0, superseded: 0, stale: 0, closed: 0 },
  };
  const stalls: number[] = [];
  const reconnects: number[] = [];
  const latencies: number[] = [];

  let state: CameraState = 'connecting';
  let epoch = (options.firstEpoch ?? nextEpoch(name)) - 1;
  let sequence = 0;
  let lastError: string | null = null;
  let session: CameraSession | null = null;
  let newest: Frame | null = null;
  /** Times of frames that arrived and may still come as pictures, in microseconds of the stream. */
  const arrivals: number[] = [];
  /** What the camera said when it was last asked whether it is back. */
  let lastAnswer: string | null = null;
  let wanted: 'running' | 'paused' | 'removed' = 'running';
  const wants = (): typeof wanted => wanted;
  let taker: () => void = () => undefined;
  let interrupt = new AbortController();

  const recent = (times: number[]): number => {
    while ((times[0] ?? Infinity) < now() - HOUR_MS) times.shift();
    return times.length;
  };
  const status = (): CameraStatus => ({
    camera: name,
    state,
    timeUs: wallUs(),
    epoch: Math.max(0, epoch),
    fpsIn: rates.in.perSecond(),
    fpsAnalysed: rates.out.perSecond(),
    fpsDropped: rates.dropped.perSecond(),
    latencyMs: median(latencies),
    stalls: recent(stalls),
    reconnects: recent(reconnects),
    lastError,
  });
  const publish = (): void => options.onStatus?.(status());
  const enter = (next: CameraState): void => {
    if (state === next) return;
    state = next;
    publish();
  };

  const drop = (frame: Frame, reason: CameraDropReason): void => {
    frame.release();
    counts.dropped[reason] += 1;
    rates.dropped.count();
    options.onDrop?.(reason);
  };
  /**
   * Those that arrived before a picture that is here and are not were not picked, or were cut off by the end of their
   * connection. Arrivals come by another pipe than pictures, which may be behind.
   */
  const countUnsampled = (untilUs: number): void => {
    while (arrivals.length > 0 && (arrivals[0] ?? 0) <= untilUs) arrivals.shift();
    while (counts.dropped.unsampled < counts.arrived - arrivals.length - counts.sampled) {
      counts.dropped.unsampled += 1;
      options.onDrop?.('unsampled');
    }
  };
  const clear = (): void => {
    if (newest === null) return;
    drop(newest, 'closed');
    newest = null;
  };
  const offer = (streamUs: number, data: Uint8Array, size: ScaledSize): void => {
    counts.sampled += 1;
    countUnsampled(streamUs + PRINTED_US);
    let released = false;
    const frame: Frame = {
      camera: name,
      epoch,
      sequence: sequence++,
      timeUs: clock.eventTimeUs(streamUs, wallUs()),
      width: size.sourceWidth,
      height: size.sourceHeight,
      image: { width: size.width, height: size.height, data },
      release() {
        if (released) return;
        released = true;
        pool.give(data);
      },
    };
    if (newest !== null) drop(newest, 'superseded');
    newest = frame;
    taker();
  };

  /** One connection, from start to end; null when it was ended on purpose. */
  const connection = async (): Promise<{ readonly loss: CameraLoss | null; readonly heldMs: number }> => {
    epoch += 1;
    newestEpochs.set(name, epoch);
    sequence = 0;
    originMs = wallAheadMs();
    clock.restart();
    enter('connecting');
    // What is plugged in again may be there before it is asked for.
    if (address.host === null) lastAnswer = localAnswer(address.location);
    const began = now();
    const held = { pictures: false };
    session = startCameraSession(
      ffmpeg,
      address,
      {
        fps: options.fps ?? null,
        maxSide: options.maxSide ?? 1280,
        maxPixels: Math.min(options.maxPixels ?? CAMERA_PIXELS, CAMERA_PIXELS),
        timeoutUs: timing.socketMs * 1000,
      },
      timing,
      pool,
      {
        onArrival(streamUs) {
          counts.arrived += 1;
          arrivals.push(streamUs);
          if (arrivals.length > MOST_BETWEEN_PIPES) arrivals.shift();
          rates.in.count();
          options.onArrival?.();
          if (state === 'connecting') {
            log('info', `Camera ${name}: pictures come from ${address.shown}.`);
            held.pictures = true;
            lastAnswer = null;
            enter('streaming');
          }
        },
        onStall() {
          stalls.push(now());
          enter('stalled');
        },
        onFrame: offer,
      },
    );
    const loss = await session.lost;
    session = null;
    countUnsampled(Infinity);
    return { loss, heldMs: held.pictures ? now() - began : 0 };
  };

  /** Waits, but no longer than until the camera answers otherwise than it did, or somebody interrupts. */
  const wait = async (ms: number): Promise<boolean> => {
    const { signal } = interrupt;
    const until = now() + ms;
    while (!signal.aborted && now() < until) {
      const answer = await cameraAnswer(address);
      const before = lastAnswer;
      lastAnswer = answer;
      if (before !== null && answer !== before && answer !== 'closed') return true;
      await delay(Math.max(0, Math.min(timing.answerEveryMs, until - now())), undefined, { signal }).catch(
        () => undefined,
      );
    }
    return false;
  };

  const live = async (): Promise<void> => {
    let failures = 0;
    let spoken = { reason: '', at: -Infinity, again: 0 };
    while (wants() !== 'removed') {
      if (wants() === 'paused') {
        enter('paused');
        await delay(2 ** 31 - 1, undefined, { signal: interrupt.signal }).catch(() => undefined);
        continue;
      }
      const { loss, heldMs } = await connection();
      if (loss === null) continue;

      lastError = `${capital(loss.reason)}.`;
      if (heldMs > 0) reconnects.push(now());
      if (loss.reason === spoken.reason && now() - spoken.at < timing.logEveryMs) {
        spoken.again += 1;
      } else {
        const again = spoken.again > 0 && loss.reason === spoken.reason ? ` ${spoken.again} more times` : '';
        log('warn', `Camera ${name} (${address.shown})${again}: ${loss.reason}.`);
        spoken = { reason: loss.reason, at: now(), again: 0 };
      }
      // A stream that only has to be read anew is read anew; one that keeps changing waits like any other.
      if ((loss.kind === 'size' || loss.kind === 'clock') && heldMs > timing.retryFirstMs) continue;

      failures = heldMs >= timing.healthyMs ? 1 : failures + 1;
      enter(loss.kind === 'refused' ? 'failed' : 'waiting');
      const ms =
        loss.kind === 'refused'
          ? timing.refusedMs
          : backoffMs(
              { firstMs: timing.retryFirstMs, longestMs: timing.retryLongestMs },
              failures,
              Math.random(),
            );
      if (await wait(ms)) failures = 0;
    }
    clear();
    enter('removed');
    taker();
  };

  const change = async (next: 'running' | 'paused' | 'removed'): Promise<void> => {
    if (wanted === 'removed') return;
    wanted = next;
    const before = interrupt;
    interrupt = new AbortController();
    before.abort();
    clear();
    await session?.stop();
  };

  const ticker = setInterval(() => {
    const stepMs = wallAheadMs() - originMs;
    if (session !== null && Math.abs(stepMs) > timing.clockJumpMs) {
      // Nobody else would notice: the camera may stay connected for weeks.
      const way = stepMs > 0 ? 'ahead' : 'back';
      const seconds = (Math.abs(stepMs) / 1000).toFixed(1);
      log(
        'info',
        `Camera ${name}: read anew, because the clock of this machine was set ${way} by ${seconds} s.`,
      );
      originMs += stepMs;
      void session.stop();
    }
    if (state === 'streaming') publish();
  }, timing.statusEveryMs);
  publish();
  const ended = live()
    .catch((error: unknown) => {
      // Only what listens to this camera can throw: that ends it, and neither the others nor the process.
      log('warn', `Camera ${name} (${address.shown}) is given up: ${address.redact(sentenceOf(error))}`);
      clear();
      state = 'removed';
      taker();
    })
    .finally(() => {
      clearInterval(ticker);
    });

  return {
    name,
    address: address.shown,
    status,
    counts,
    frames: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const frame = newest;
          newest = null;
          if (frame === null) {
            if (state === 'removed') return;
            await new Promise<void>((resolve) => {
              taker = resolve;
            });
          } else if (wallUs() - frame.timeUs > timing.staleMs * 1000) {
            drop(frame, 'stale');
          } else {
            counts.handedOut += 1;
            rates.out.count();
            yield frame;
          }
        }
      },
    },
    observeLatency(ms) {
      latencies.push(ms);
      if (latencies.length > LATENCIES_KEPT) latencies.shift();
    },
    pause: () => change('paused'),
    resume() {
      if (wanted === 'paused') void change('running');
    },
    async remove() {
      await change('removed');
      await ended;
    },
  };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

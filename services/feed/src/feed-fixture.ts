import { CLASSES, type CameraStatus, type Emotion, type Expression } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';
import { DeadpanError, dominantClass } from '@deadpan/shared';
import { Registry } from 'prom-client';
import { WebSocket, type ClientOptions } from 'ws';

import type { CameraEntry, CameraRegistry } from './camera-registry.js';
import { feedConfig } from './config.js';
import { createFeedServer, type FeedServer, type FeedServerOptions } from './feed-server.js';
import type { z } from 'zod';

/** A registry that only keeps entries: what the feed's tests need of cameras. */
export function keepCameras(...names: readonly string[]): CameraRegistry {
  const entries = new Map<string, CameraEntry>(
    names.map((id) => [id, { id, address: `rtsp://***@${id}.example/live`, fps: 5, paused: false }]),
  );
  const listeners = new Set<() => void>();
  const changed = <T>(value: T): Promise<T> => {
    for (const listener of listeners) listener();
    return Promise.resolve(value);
  };
  return {
    list: () => [...entries.values()],
    get: (camera) => entries.get(camera),
    add(camera) {
      if (entries.has(camera.id)) {
        return Promise.reject(new DeadpanError('E_CONFLICT', `There is a camera "${camera.id}" already.`));
      }
      const entry = { ...camera, address: camera.address.replace(/\/\/.*@/, '//***@') };
      entries.set(camera.id, entry);
      return changed(entry);
    },
    update(camera, change) {
      const before = entries.get(camera);
      if (before === undefined) return Promise.reject(new DeadpanError('E_NOT_FOUND', 'gone'));
      const { address = before.address, fps = before.fps, paused = before.paused } = change;
      const entry = { id: camera, address, fps, paused };
      entries.set(camera, entry);
      return changed(entry);
    },
    remove(camera) {
      entries.delete(camera);
      return changed(undefined);
    },
    probe: () =>
      Promise.resolve({
        reachable: true,
        codec: 'h264',
        width: 1280,
        height: 720,
        fps: 25,
        answer: 'Stream #0:0: Video: h264, 1280x720, 25 fps',
        error: null,
        preview: Uint8Array.of(0xff, 0xd8, 0xff),
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A feed on a free port of the loopback address. */
export function startFeed(
  config: z.input<typeof feedConfig> = {},
  rest: Partial<Omit<FeedServerOptions, 'config'>> = {},
): Promise<FeedServer> {
  return createFeedServer({
    config: feedConfig.parse({ listen: '127.0.0.1:0', ...config }),
    cameras: keepCameras('door', 'hall'),
    version: '0.0.0',
    window: { size: 1, hop: 0.5 },
    registry: new Registry(),
    logger: createLogger({ level: 'silent', name: 'test' }),
    ...rest,
  });
}

/** A window that ended at `endUs` (default: now). */
export function emotionOf(camera: string, track: string, endUs = Date.now() * 1000, peak = 1): Emotion {
  const probabilities = CLASSES.map((_, k) => (k === peak ? 0.65 : 0.05));
  return {
    camera,
    epoch: 0,
    track,
    startUs: endUs - 1_000_000,
    endUs,
    frames: 5,
    missed: 0,
    firstUs: endUs - 900_000,
    lastUs: endUs - 100_000,
    probabilities,
    expression: dominantClass(probabilities),
    intensity: 0.5,
    model: 'test-1',
  };
}

/** One face in a frame, captured now. */
export function expressionOf(camera: string, track: string, sequence: number): Expression {
  const { probabilities, intensity, model } = emotionOf(camera, track);
  return {
    ...{ camera, epoch: 0, sequence, timeUs: Date.now() * 1000, width: 1280, height: 720, faces: 1 },
    face: {
      track,
      box: { x: 100, y: 100, width: 200, height: 200 },
      detection: 0.9,
      landmarks: new Float32Array(136),
      pose: { yaw: 0, pitch: 0, roll: 0 },
      quality: 0.8,
      probabilities,
      intensity,
      model,
    },
  };
}

/** A camera that streams. */
export function statusOf(camera: string, state: CameraStatus['state'] = 'streaming'): CameraStatus {
  return {
    camera,
    state,
    timeUs: Date.now() * 1000,
    epoch: 0,
    fpsIn: 25,
    fpsAnalysed: 5,
    fpsDropped: 20,
    latencyMs: 120,
    stalls: 0,
    reconnects: 0,
    lastError: null,
  };
}

/** A message as a client sees it. */
export type Heard = Readonly<Record<string, unknown>> & { readonly type: string };

/** A WebSocket client that remembers what it heard and waits for what it has not. */
export interface Listener {
  readonly socket: WebSocket;
  readonly heard: readonly Heard[];
  /** Resolves with the first message, heard or to come, that fits. */
  until(fits: (message: Heard) => boolean): Promise<Heard>;
  say(message: unknown): void;
  readonly closed: Promise<number>;
}

/** Connects to a feed; resolves after `hello`. */
export async function listen(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<Listener> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, protocols, options);
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()) as Heard);
    for (const look of waiting) look();
  });
  const until: Listener['until'] = (fits) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = heard.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', resolve);
  });
  await until(({ type }) => type === 'hello');
  return {
    socket,
    heard,
    until,
    closed,
    say: (message) => {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    },
  };
}

/** The status code with which a WebSocket is refused. */
export function refusalOf(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), protocols, options);
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.on('open', () => {
      socket.close();
      reject(new Error('the connection was let in'));
    });
  });
}

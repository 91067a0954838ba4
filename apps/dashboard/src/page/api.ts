import type { EmotionMessage, StatusMessage } from '@deadpan/shared';

import type { StateAt } from './gaps.js';

/** What the server says of itself. */
export interface About {
  readonly version: string;
  readonly role: 'viewer' | 'operator';
  readonly window: { readonly size: number; readonly hop: number };
  readonly pixels: 'off' | 'faces' | 'frames';
  readonly aggregatesOnly: boolean;
  readonly history: { readonly retentionHours: number } | null;
  readonly notice: string;
}

/** A camera as the server shows it; only operators see the address. */
export interface Camera {
  readonly id: string;
  readonly address?: string;
  readonly fps: number | null;
  readonly paused: boolean;
  readonly status: StatusMessage | null;
}

/** What ffmpeg answered about an address. */
export interface Probe {
  readonly reachable: boolean;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly answer: string;
  readonly error: string | null;
  /** JPEG in base64, where pictures are allowed. */
  readonly preview: string | null;
}

/** Somebody who was seen within an asked time. */
export interface PastTrack {
  readonly camera: string;
  readonly track: string;
  readonly first: number;
  readonly last: number;
  readonly windows: number;
}

/** A part of the history. */
export interface HistoryPart {
  readonly windows: readonly EmotionMessage[];
  readonly states: readonly StateAt[];
  /** What to give as `after` to go on; null when this is all. */
  readonly next: string | null;
}

/** What the server refused, in its words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const TOKEN_KEY = 'deadpan.token';

/** The token of this tab; it is forgotten with the tab. */
export const token = {
  get: (): string | null => sessionStorage.getItem(TOKEN_KEY),
  set: (value: string): void => {
    sessionStorage.setItem(TOKEN_KEY, value);
  },
};

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const held = token.get();
  const response = await fetch(path, {
    method,
    headers: {
      ...(held === null ? {} : { authorization: `Bearer ${held}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    // What is removed while the page is being left is removed all the same.
    keepalive: method === 'DELETE',
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiError(response.status, problem.detail ?? `The server answered ${response.status}.`);
}

const json = async <T>(response: Promise<Response>): Promise<T> => (await response).json() as Promise<T>;
const cameraPath = (camera: string): string => `/v1/cameras/${encodeURIComponent(camera)}`;

/** The HTTP surface of the feed. @throws ApiError in the server's words */
export const api = {
  about: (): Promise<About> => json(call('GET', '/v1/about')),
  cameras: async (): Promise<readonly Camera[]> =>
    (await json<{ cameras: readonly Camera[] }>(call('GET', '/v1/cameras'))).cameras,
  addCamera: (camera: { id: string; address: string; fps: number | null }): Promise<Camera> =>
    json(call('POST', '/v1/cameras', camera)),
  changeCamera: (
    camera: string,
    change: { address?: string; fps?: number | null; paused?: boolean },
  ): Promise<Camera> => json(call('PATCH', cameraPath(camera), change)),
  removeCamera: async (camera: string): Promise<void> => {
    await call('DELETE', cameraPath(camera));
  },
  probe: (address: string, signal: AbortSignal): Promise<Probe> =>
    json(call('POST', '/v1/probe', { address }, signal)),
  snapshot: async (camera: string): Promise<{ image: Blob; time: number }> => {
    const response = await call('GET', `${cameraPath(camera)}/snapshot.jpg`);
    return { image: await response.blob(), time: Number(response.headers.get('deadpan-time')) };
  },
  frame: async (camera: string, epoch: number, sequence: number): Promise<Blob> =>
    (await call('GET', `${cameraPath(camera)}/frames/${epoch}/${sequence}.jpg`)).blob(),
  face: async (
    camera: string,
    epoch: number,
    sequence: number,
    track: string,
    which: 'face' | 'reference',
  ): Promise<Blob> =>
    (
      await call(
        'GET',
        `${cameraPath(camera)}/faces/${epoch}/${sequence}/${encodeURIComponent(track)}/${which}.png`,
      )
    ).blob(),
  pastTracks: async (query: Record<string, string>): Promise<readonly PastTrack[]> =>
    (
      await json<{ tracks: readonly PastTrack[] }>(
        call('GET', `/v1/tracks?${new URLSearchParams(query).toString()}`),
      )
    ).tracks,
  history: (query: Record<string, string>): Promise<HistoryPart> =>
    json(call('GET', `/v1/history?${new URLSearchParams(query).toString()}`)),
};

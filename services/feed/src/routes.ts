import type { IncomingMessage } from 'node:http';

import { CLASSES, DeadpanError, toEmotionMessage, type ErrorCode, type StatusMessage } from '@deadpan/shared';
import { z } from 'zod';

import { maySee, requireCamera, type Principal, type Role } from './access.js';
import {
  cameraChange,
  newCamera,
  probeRequest,
  type CameraEntry,
  type CameraRegistry,
} from './camera-registry.js';
import type { FeedConfig } from './config.js';
import { encodeGrayPng } from './gray-png.js';
import type { History, HistoryQuery, WindowPlace } from './history.js';
import { readJson, type Reply } from './http-exchange.js';
import type { LiveState } from './live-state.js';
import type { PictureStore } from './picture-store.js';
import { timeOf } from './time-of.js';

/** What the routes work on. */
export interface RouteContext {
  readonly config: FeedConfig;
  readonly version: string;
  readonly window: { readonly size: number; readonly hop: number };
  readonly cameras: CameraRegistry;
  readonly state: LiveState;
  readonly history: History | undefined;
  readonly pictures: PictureStore;
}

/** A request that was let in. */
export interface Request {
  readonly principal: Principal;
  readonly url: URL;
  /** What stands for the `:names` of the route's path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly message: IncomingMessage;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** One address of the HTTP surface. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Segments; those with a colon stand for anything. */
  readonly path: readonly string[];
  readonly role: Role;
  handle(request: Request): Reply | Promise<Reply>;
}

/** Rows that one answer of the history holds at most, and without `limit`. */
const HISTORY_ROWS = { most: 50_000, normal: 10_000 };
const placeSchema = z.tuple([z.int(), z.string(), z.string()]);
/** An hour, in microseconds. */
const HOUR_US = 3_600_000_000;

/** Every address below `/v1`. */
export function createRoutes(context: RouteContext): readonly Route[] {
  const { config, version, window, cameras, state, history, pictures } = context;

  const route = (method: Route['method'], path: string, role: Role, handle: Route['handle']): Route => ({
    method,
    path: path.split('/').filter((segment) => segment !== ''),
    role,
    handle,
  });

  /** A camera with its newest status; viewers need not know where it is. */
  function shown(entry: CameraEntry, principal: Principal): object {
    const status: StatusMessage | null = state.status(entry.id) ?? null;
    const { address, ...rest } = entry;
    return { ...rest, ...(principal.role === 'operator' ? { address } : {}), status };
  }

  function cameraOf({ parameters, principal }: Request): CameraEntry {
    const camera = parameters['camera'] ?? '';
    requireCamera(principal, camera);
    const entry = cameras.get(camera);
    if (entry === undefined) throw new DeadpanError('E_NOT_FOUND', `There is no camera "${camera}".`);
    return entry;
  }

  function requireScheme(address: string): void {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
    if (scheme !== undefined && config.remoteSchemes.includes(scheme)) return;
    throw new DeadpanError('E_REQUEST', 'This is not the address of a camera that may be added from afar.', {
      advice: `It must begin with one of ${config.remoteSchemes.map((name) => `${name}://`).join(', ')}.`,
    });
  }

  /** @throws DeadpanError with the code where pictures of this kind are not allowed. */
  function requirePixels(kind: 'faces' | 'frames', code: ErrorCode = 'E_FORBIDDEN'): void {
    if (config.pixels === 'frames' || config.pixels === kind) return;
    throw new DeadpanError(code, `The configuration does not allow pictures of ${kind}.`, {
      advice: `An administrator may set feed.pixels to ${kind}.`,
    });
  }

  function queryOf({ url, principal }: Request): HistoryQuery {
    const { searchParams } = url;
    const now = Date.now() * 1000;
    const named = searchParams.getAll('camera');
    for (const camera of named) requireCamera(principal, camera);
    const toUs = timeOf('to', searchParams.get('to'), now);
    const limit = Number(searchParams.get('limit') ?? HISTORY_ROWS.normal);
    if (!Number.isInteger(limit) || limit < 1 || limit > HISTORY_ROWS.most) {
      throw new DeadpanError('E_REQUEST', `"limit" must be a whole number from 1 to ${HISTORY_ROWS.most}.`);
    }
    const all = principal.cameras === null ? undefined : [...principal.cameras];
    return {
      cameras: named.length > 0 ? named : all,
      track: searchParams.get('track') ?? undefined,
      fromUs: timeOf('from', searchParams.get('from'), toUs - HOUR_US),
      toUs,
      limit,
      after: placeOf(searchParams.get('after')),
    };
  }

  function requireHistory(): History {
    if (history !== undefined) return history;
    throw new DeadpanError('E_NOT_FOUND', 'No history is kept here.', {
      advice: 'An administrator may set feed.history.enabled.',
    });
  }

  const seconds = (timeUs: number): number => timeUs / 1e6;
  const picture = (bytes: Uint8Array | undefined, type: string, headers?: Record<string, string>): Reply => {
    if (bytes === undefined)
      throw new DeadpanError('E_NOT_FOUND', 'This picture is not, or no longer, here.');
    return { status: 200, body: bytes, type, ...(headers === undefined ? {} : { headers }) };
  };

  return [
    route('GET', '/v1/about', 'viewer', ({ principal }) => ({
      status: 200,
      body: {
        version,
        role: principal.role,
        classes: CLASSES,
        window,
        pixels: config.pixels,
        aggregatesOnly: config.aggregatesOnly,
        history: history === undefined ? null : { retentionHours: config.history.retention },
        notice: config.notice,
      },
    })),

    route('GET', '/v1/cameras', 'viewer', ({ principal }) => ({
      status: 200,
      body: {
        cameras: cameras
          .list()
          .filter(({ id }) => maySee(principal, id))
          .map((entry) => shown(entry, principal)),
      },
    })),
    route('POST', '/v1/cameras', 'operator', async ({ message, principal }) => {
      const wanted = await readJson(message, newCamera, config.limits.messageBytes);
      requireCamera(principal, wanted.id);
      requireScheme(wanted.address);
      const entry = await cameras.add(wanted);
      return {
        status: 201,
        body: shown(entry, principal),
        headers: { location: `/v1/cameras/${encodeURIComponent(entry.id)}` },
      };
    }),
    route('GET', '/v1/cameras/:camera', 'viewer', (request) => ({
      status: 200,
      body: shown(cameraOf(request), request.principal),
    })),
    route('PATCH', '/v1/cameras/:camera', 'operator', async (request) => {
      const { id } = cameraOf(request);
      const change = await readJson(request.message, cameraChange, config.limits.messageBytes);
      if (change.address !== undefined) requireScheme(change.address);
      return { status: 200, body: shown(await cameras.update(id, change), request.principal) };
    }),
    route('DELETE', '/v1/cameras/:camera', 'operator', async (request) => {
      await cameras.remove(cameraOf(request).id);
      return { status: 204 };
    }),
    route('POST', '/v1/probe', 'operator', async ({ message, signal }) => {
      const { address } = await readJson(message, probeRequest, config.limits.messageBytes);
      requireScheme(address);
      const { preview, ...answer } = await cameras.probe(address, signal);
      const shows = config.pixels === 'frames' && preview !== null;
      return {
        status: 200,
        body: { ...answer, preview: shows ? Buffer.from(preview).toString('base64') : null },
      };
    }),

    route('GET', '/v1/cameras/:camera/snapshot.jpg', 'viewer', (request) => {
      requirePixels('frames');
      const { id } = cameraOf(request);
      const newest = pictures.newestFrame(id);
      const frame = newest?.frame;
      return picture(newest?.jpeg, 'image/jpeg', {
        'deadpan-epoch': String(frame?.epoch),
        'deadpan-sequence': String(frame?.sequence),
        'deadpan-time': String(seconds(frame?.timeUs ?? 0)),
      });
    }),
    route('GET', '/v1/cameras/:camera/frames/:epoch/:sequence', 'viewer', (request) => {
      requirePixels('frames');
      const { id } = cameraOf(request);
      const [epoch, sequence] = frameOf(request, /\.jpg$/);
      return picture(pictures.frame(id, epoch, sequence)?.jpeg, 'image/jpeg');
    }),
    route('GET', '/v1/cameras/:camera/faces/:epoch/:sequence/:track/:which', 'viewer', (request) => {
      requirePixels('faces');
      const { id } = cameraOf(request);
      const [epoch, sequence] = frameOf(request);
      const { track = '', which = '' } = request.parameters;
      const face = pictures.face(id, epoch, sequence, track);
      const gray =
        which === 'face.png' ? face?.crop : which === 'reference.png' ? face?.reference : undefined;
      const side = Math.sqrt(gray?.length ?? 0);
      return picture(gray === undefined ? undefined : encodeGrayPng(gray, side, side), 'image/png');
    }),

    route('GET', '/v1/tracks', 'viewer', (request) => {
      const { principal, url } = request;
      const past = url.searchParams.has('from') || url.searchParams.has('to');
      if (past) {
        const tracks = requireHistory().tracks(queryOf(request));
        return {
          status: 200,
          body: {
            tracks: tracks.map(({ camera, track, firstUs, lastUs, windows }) => ({
              camera,
              track,
              first: seconds(firstUs),
              last: seconds(lastUs),
              windows,
            })),
          },
        };
      }
      const named = url.searchParams.getAll('camera');
      for (const camera of named) requireCamera(principal, camera);
      const tracks = state
        .tracks()
        .filter(({ camera }) => maySee(principal, camera) && (named.length === 0 || named.includes(camera)));
      return { status: 200, body: { tracks } };
    }),
    route('GET', '/v1/history', 'viewer', (request) => {
      const query = queryOf(request);
      const kept = requireHistory();
      const windows = kept.windows({ ...query, limit: query.limit + 1 });
      const more = windows.length > query.limit;
      const last = windows[query.limit - 1];
      return {
        status: 200,
        body: {
          from: seconds(query.fromUs),
          to: seconds(query.toUs),
          windows: windows.slice(0, query.limit).map(toEmotionMessage),
          states: kept.states(query).map(({ camera, timeUs, state: now, error }) => ({
            camera,
            time: seconds(timeUs),
            state: now,
            error,
          })),
          /** What to give as `after` to go on, when the answer was cut. */
          next: more && last !== undefined ? cursorOf(last) : null,
        },
      };
    }),
  ];
}

/** Names a window's place in the history; for nobody but {@link placeOf} to read. */
function cursorOf({ startUs, camera, track }: WindowPlace): string {
  return Buffer.from(JSON.stringify([startUs, camera, track])).toString('base64url');
}

/** @throws DeadpanError E_REQUEST for what is no cursor */
function placeOf(cursor: string | null): WindowPlace | undefined {
  if (cursor === null) return undefined;
  try {
    const [startUs, camera, track] = placeSchema.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString()),
    );
    return { startUs, camera, track };
  } catch (cause) {
    throw new DeadpanError('E_REQUEST', '"after" must be the "next" of an earlier answer.', { cause });
  }
}

function frameOf({ parameters }: Request, ending = /$/): [epoch: number, sequence: number] {
  const numbers = [parameters['epoch'] ?? '', (parameters['sequence'] ?? '').replace(ending, '')];
  if (!numbers.every((text) => /^\d{1,15}$/.test(text))) {
    throw new DeadpanError('E_NOT_FOUND', 'A frame is named by its epoch and its sequence.');
  }
  return [Number(numbers[0]), Number(numbers[1])];
}

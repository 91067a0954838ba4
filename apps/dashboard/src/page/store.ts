import type { EmotionMessage, ExpressionMessage, ServerMessage, StatusMessage } from '@deadpan/shared';

import { api, type About, type Camera } from './api.js';
import { connectFeed, type Connection, type FeedConnection } from './feed-connection.js';

/** What the page is told of. */
export interface StoreEvents {
  /** The list of cameras, or what is set of one, changed. */
  cameras: undefined;
  status: StatusMessage;
  emotion: EmotionMessage;
  expression: ExpressionMessage;
  /** Messages that this page missed because it read too slowly. */
  gap: number;
  connection: Connection;
}

/** Somebody present, and when they were last heard of (milliseconds, `performance.now()`). */
export interface Present {
  readonly emotion: EmotionMessage;
  readonly heard: number;
}

/** What the page knows, kept up to date by the feed. */
export interface Store {
  readonly about: About;
  cameras(): readonly Camera[];
  camera(id: string): Camera | undefined;
  /** Whether pictures come from a camera. One that fell silent does not stream: whoever read it is gone. */
  streams(camera: string): boolean;
  /** People whom a camera sees now, in the order in which they came. */
  present(camera: string): readonly Present[];
  /** Somebody of whom no new window came for so long has left, in seconds. */
  goneAfter(camera: string): number;
  /** The server's clock, in seconds since 1970: by it is told when pictures and windows were taken. */
  now(): number;
  readonly connection: Connection;
  /** Calls `listener` at each event until the returned function is called. */
  on<K extends keyof StoreEvents>(event: K, listener: (value: StoreEvents[K]) => void): () => void;
  /** Follows the faces of one camera until the returned function is called. */
  follow(camera: string): () => void;
  /** Asks for the list of cameras anew. */
  refresh(): Promise<void>;
  retry(): void;
}

/** How late a window may be, in seconds; besides the time between two windows, and two frames of a slow camera. */
const LATE_S = 4;

/** A camera that streams says so once a second: one that says nothing for so long does not, in milliseconds. */
const SILENT_MS = 10_000;

/** Connects the page to the feed. */
export async function createStore(about: About): Promise<Store> {
  const cameras = new Map<string, Camera>();
  /** When a status of each camera came last, milliseconds, `performance.now()`. */
  const heard = new Map<string, number>();
  const people = new Map<string, Map<string, Present>>();
  const followed = new Map<string, number>();
  const listeners: { [K in keyof StoreEvents]: Set<(value: StoreEvents[K]) => void> } = {
    cameras: new Set(),
    status: new Set(),
    emotion: new Set(),
    expression: new Set(),
    gap: new Set(),
    connection: new Set(),
  };
  let connection: Connection = { state: 'connecting' };
  /** How far the server's clock is ahead of this browser's, in milliseconds. */
  let aheadMs = 0;
  const goneAfter = (camera: string): number =>
    LATE_S + about.window.hop + 2 / (cameras.get(camera)?.fps ?? 25);

  function tell<K extends keyof StoreEvents>(event: K, value: StoreEvents[K]): void {
    for (const listener of listeners[event]) listener(value);
  }

  async function refresh(): Promise<void> {
    const listed = await api.cameras();
    const before = new Map(cameras);
    cameras.clear();
    for (const camera of listed) {
      if (!heard.has(camera.id)) heard.set(camera.id, performance.now());
      cameras.set(camera.id, { ...camera, status: camera.status ?? before.get(camera.id)?.status ?? null });
    }
    tell('cameras', undefined);
  }

  function hear(message: ServerMessage): void {
    switch (message.type) {
      case 'hello': {
        aheadMs = Date.parse(message.at) - Date.now();
        const same =
          message.cameras.length === cameras.size && message.cameras.every((id) => cameras.has(id));
        if (!same) void refresh().catch(() => undefined);
        return;
      }
      case 'status': {
        const known = cameras.get(message.camera);
        if (message.state === 'removed') {
          if (known !== undefined && cameras.delete(message.camera)) tell('cameras', undefined);
          people.delete(message.camera);
          return;
        }
        if (known === undefined || known.paused !== (message.state === 'paused'))
          void refresh().catch(() => undefined);
        heard.set(message.camera, performance.now());
        if (known !== undefined) cameras.set(message.camera, { ...known, status: message });
        tell('status', message);
        return;
      }
      case 'emotion': {
        const ofCamera = people.get(message.camera) ?? new Map<string, Present>();
        people.set(message.camera, ofCamera);
        ofCamera.set(message.track, { emotion: message, heard: performance.now() });
        tell('emotion', message);
        return;
      }
      case 'expression':
        tell('expression', message);
        return;
      case 'gap':
        tell('gap', message.missed);
        return;
      case 'error':
        console.warn(message.message);
    }
  }

  await refresh();
  const feed: FeedConnection = connectFeed({
    onConnect(connected) {
      connected.say({ type: 'subscribe' });
      const faces = [...followed.keys()];
      if (faces.length > 0) connected.say({ type: 'subscribe', types: ['expression'], cameras: faces });
      void refresh().catch(() => undefined);
    },
    onMessage: hear,
    onChange(changed) {
      connection = changed;
      tell('connection', changed);
    },
  });

  return {
    about,
    cameras: () => [...cameras.values()],
    camera: (id) => cameras.get(id),
    streams: (camera) =>
      cameras.get(camera)?.status?.state === 'streaming' &&
      performance.now() - (heard.get(camera) ?? 0) < SILENT_MS,
    present(camera) {
      const ofCamera = people.get(camera) ?? new Map<string, Present>();
      const oldest = performance.now() - goneAfter(camera) * 1000;
      for (const [track, { heard }] of ofCamera) if (heard < oldest) ofCamera.delete(track);
      return [...ofCamera.values()];
    },
    goneAfter,
    now: () => (Date.now() + aheadMs) / 1000,
    get connection() {
      return connection;
    },
    on(event, listener) {
      listeners[event].add(listener);
      return () => {
        listeners[event].delete(listener);
      };
    },
    follow(camera) {
      if (about.aggregatesOnly) return () => undefined;
      const count = followed.get(camera) ?? 0;
      followed.set(camera, count + 1);
      if (count === 0) feed.say({ type: 'subscribe', types: ['expression'], cameras: [camera] });
      return () => {
        const left = (followed.get(camera) ?? 1) - 1;
        if (left > 0) followed.set(camera, left);
        else {
          followed.delete(camera);
          feed.say({ type: 'unsubscribe', types: ['expression'], cameras: [camera] });
        }
      };
    },
    refresh,
    retry() {
      feed.retry();
    },
  };
}

import type { Duplex } from 'node:stream';

import type {
  ClientMessage,
  EmotionMessage,
  ExpressionMessage,
  ServerMessage,
  StatusMessage,
} from '@deadpan/shared';
import type { WebSocket } from 'ws';

import type { Principal } from './access.js';
import { attachClient, type Client, type Outgoing } from './client.js';
import type { FeedConfig } from './config.js';
import type { FeedMetrics } from './feed-metrics.js';
import type { LiveState } from './live-state.js';

/** Spreads messages over the clients. */
export interface Hub {
  /** Sends to every client that wants it; the snapshot of later subscribers comes from the live state. */
  publish(message: EmotionMessage | ExpressionMessage | StatusMessage): void;
  /** Serves a socket until it closes; `wire` is what lies under it. `hello` is said first. */
  join(socket: WebSocket, wire: Duplex, principal: Principal, hello: ServerMessage): void;
  readonly clients: number;
  /** Whether a client follows the faces of a camera. */
  watches(camera: string): boolean;
  /** Says goodbye to every client. */
  close(): void;
}

/** What whoever subscribes is told first. */
export type SnapshotState = Pick<LiveState, 'statuses' | 'tracks'>;

/** What {@link createHub} needs. */
export interface HubOptions {
  readonly limits: FeedConfig['limits'];
  readonly state: SnapshotState;
  readonly metrics: () => FeedMetrics;
  /** Looks at a subscription before it counts; throws where it cannot be. */
  readonly examine: (message: ClientMessage) => void;
}

/** Creates a hub without clients. */
export function createHub({ limits, state, metrics, examine }: HubOptions): Hub {
  const clients = new Set<Client>();

  function* snapshot(covers: (type: Outgoing['type'], camera: string) => boolean): Iterable<Outgoing> {
    for (const status of state.statuses()) if (covers('status', status.camera)) yield outgoing(status);
    for (const { camera, emotion } of state.tracks()) if (covers('emotion', camera)) yield outgoing(emotion);
  }

  const pinging = setInterval(() => {
    for (const client of clients) client.ping();
  }, limits.ping * 1000);
  pinging.unref();

  return {
    get clients() {
      return clients.size;
    },
    watches(camera) {
      for (const client of clients) if (client.wants('expression', camera)) return true;
      return false;
    },
    publish(message) {
      let out: Outgoing | undefined;
      for (const client of clients) {
        if (!client.wants(message.type, message.camera)) continue;
        out ??= outgoing(message);
        client.offer(out);
      }
    },
    join(socket, wire, principal, hello) {
      const client = attachClient(socket, wire, { principal, limits, metrics: metrics(), snapshot, examine });
      clients.add(client);
      socket.on('close', () => clients.delete(client));
      socket.send(JSON.stringify(hello));
    },
    close() {
      clearInterval(pinging);
      for (const client of clients) client.close(1001, 'the server is going away');
    },
  };
}

function outgoing(message: EmotionMessage | ExpressionMessage | StatusMessage): Outgoing {
  const { type, camera } = message;
  const track = type === 'status' ? '' : (message.track ?? '');
  return { type, camera, key: `${type}/${camera}/${track}`, text: Buffer.from(JSON.stringify(message)) };
}

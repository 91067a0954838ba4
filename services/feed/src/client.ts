import type { Duplex } from 'node:stream';

import { clientMessage, DeadpanError, type ClientMessage, type ServerMessage } from '@deadpan/shared';
import { z } from 'zod';
import type { WebSocket } from 'ws';

import { maySee, requireCamera, type Principal } from './access.js';
import { createBacklog } from './backlog.js';
import type { FeedConfig } from './config.js';
import type { FeedMetrics } from './feed-metrics.js';
import { createRateLimit } from './rate-limit.js';
import { createSubscription, type Subscribable } from './subscription.js';

/** A message on its way to clients, encoded once for all of them. */
export interface Outgoing {
  readonly type: Subscribable;
  readonly camera: string;
  /** Messages of one key replace each other in a slow client's backlog. */
  readonly key: string;
  readonly text: Buffer;
}

/** One WebSocket client. */
export interface Client {
  wants(type: Subscribable, camera: string): boolean;
  /** Sends now, or keeps the newest per key while the client reads too slowly. Never waits. */
  offer(message: Outgoing): void;
  /** Pings; ends a client that did not answer the ping before. */
  ping(): void;
  close(code: number, reason: string): void;
}

/** What {@link attachClient} needs besides the socket. */
export interface ClientContext {
  readonly principal: Principal;
  readonly limits: FeedConfig['limits'];
  readonly metrics: FeedMetrics;
  /** What a new subscriber gets first, of what it asked for. */
  readonly snapshot: (covers: (type: Subscribable, camera: string) => boolean) => Iterable<Outgoing>;
  /** Looks at a subscription before it counts; throws where it cannot be. */
  readonly examine: (message: ClientMessage) => void;
}

/** Serves one client until its socket closes; `wire` is what lies under the socket. */
export function attachClient(socket: WebSocket, wire: Duplex, context: ClientContext): Client {
  const { principal, limits, metrics, snapshot, examine } = context;
  const subscription = createSubscription();
  const backlog = createBacklog<Outgoing>(limits.backlog);
  const mayTalk = createRateLimit(limits.messagesPerSecond, limits.messagesPerSecond * 2);
  let answered = true;

  const say = (message: ServerMessage): void => {
    socket.send(JSON.stringify(message));
  };

  // What is sent within one turn of the event loop leaves in one system call, which is most of what a message costs.
  let gathering = false;
  const gather = (): void => {
    if (gathering) return;
    gathering = true;
    wire.cork();
    setImmediate(() => {
      gathering = false;
      wire.uncork();
    });
  };

  const write = (message: Outgoing): void => {
    metrics.sent.inc({ type: message.type });
    gather();
    socket.send(message.text, { binary: false }, drain);
  };

  /** Called when the socket has passed something on: what waits may follow, after the word of what was missed. */
  function drain(error?: Error | null): void {
    if (error) return;
    while (backlog.size > 0 && socket.bufferedAmount < limits.bufferedBytes) {
      const missed = backlog.takeMissed();
      if (missed > 0) {
        metrics.missed.inc(missed);
        say({ type: 'gap', at: new Date().toISOString(), missed });
      }
      const next = backlog.shift();
      if (next !== undefined) write(next);
    }
  }

  function offer(message: Outgoing): void {
    if (socket.readyState !== socket.OPEN) return;
    if (backlog.size === 0 && socket.bufferedAmount < limits.bufferedBytes) write(message);
    else backlog.put(message.key, message);
  }

  function hear(data: unknown, binary: boolean): void {
    const message = parseMessage(data, binary);
    for (const camera of message.cameras ?? []) requireCamera(principal, camera);
    examine(message);
    const covers = subscription.apply(message);
    if (message.type === 'unsubscribe') return;
    for (const one of snapshot((type, camera) => covers(type, camera) && maySee(principal, camera)))
      offer(one);
  }

  socket.on('message', (data, binary) => {
    if (!mayTalk()) {
      metrics.refused.inc({ reason: 'E_TOO_MANY' });
      socket.close(1008, 'too many messages');
      return;
    }
    try {
      hear(data, binary);
    } catch (error) {
      if (!(error instanceof DeadpanError)) throw error;
      metrics.refused.inc({ reason: error.code });
      say({ type: 'error', at: new Date().toISOString(), code: error.code, message: error.message });
    }
  });
  socket.on('pong', () => {
    answered = true;
  });
  // ws closes the socket by itself after an error, e.g. with 1009 after a message that is too large.
  socket.on('error', () => {
    metrics.refused.inc({ reason: 'protocol' });
  });

  return {
    wants: (type, camera) => subscription.wants(type, camera) && maySee(principal, camera),
    offer,
    ping() {
      if (answered) {
        answered = false;
        socket.ping();
      } else socket.terminate();
    },
    close(code, reason) {
      socket.close(code, reason);
    },
  };
}

/** @throws DeadpanError E_REQUEST that says what a client may say. */
function parseMessage(data: unknown, binary: boolean): ClientMessage {
  const refuse = (why: string): DeadpanError =>
    new DeadpanError(
      'E_REQUEST',
      `${why} Expected a text message like {"type":"subscribe","types":["emotion"],"cameras":["door"]}.`,
    );
  if (binary) throw refuse('Binary messages are not understood.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(String(data));
  } catch {
    throw refuse('The message is not JSON.');
  }
  const result = clientMessage.safeParse(parsed);
  if (!result.success) throw refuse(`${z.prettifyError(result.error).replaceAll('\n', ' ')}.`);
  return result.data;
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import {
  CLASSES,
  DeadpanError,
  toEmotionMessage,
  toExpressionMessage,
  toStatusMessage,
  type CameraStatus,
  type Emotion,
  type Logger,
  type ServerMessage,
} from '@deadpan/shared';
import type { Registry } from 'prom-client';
import { WebSocketServer, type PerMessageDeflateOptions } from 'ws';

import { createAccess, maySee, requireEveryCamera, requireRole, type Principal } from './access.js';
import { aggregate } from './aggregate.js';
import type { CameraRegistry } from './camera-registry.js';
import type { FeedConfig } from './config.js';
import { createFeedMetrics } from './feed-metrics.js';
import type { FeedSink } from './feed-stage.js';
import { openHistory } from './history.js';
import { bearerOf, problemReply, writeReply, type Reply } from './http-exchange.js';
import { createHub, type SnapshotState } from './hub.js';
import { createLatencies } from './latency.js';
import { createLiveState } from './live-state.js';
import { isLoopback } from './loopback.js';
import { createOriginCheck } from './origin.js';
import { createPictureStore, type PictureStore } from './picture-store.js';
import { problemOf } from './problem.js';
import { createRateLimits } from './rate-limit.js';
import { createRoutes, type Route } from './routes.js';
import { readStaticFiles, type StaticFile } from './static-files.js';
import { createWindowGroups, type Group } from './window-groups.js';

/** What a feed is made of. */
export interface FeedServerOptions {
  readonly config: FeedConfig;
  readonly cameras: CameraRegistry;
  /** Version of Deadpan, for `hello`. */
  readonly version: string;
  /** The sliding window, in seconds. */
  readonly window: { readonly size: number; readonly hop: number };
  /** Where `/metrics` comes from; the feed adds its own. */
  readonly registry: Registry;
  readonly logger: Logger;
  /** Folder of the dashboard's files; without it `/` is not found. */
  readonly staticRoot?: string;
  /** What is missing before the rest of the program can serve; empty when nothing is. */
  readonly readiness?: () => readonly string[];
}

/** A feed that listens. */
export interface FeedServer extends FeedSink {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where whoever analyses frames puts their pictures. */
  readonly pictures: PictureStore;
  /** Ends: no new clients, goodbye to those there are, what was gathered is written. */
  close(): Promise<void>;
}

/** How often old windows are deleted, in milliseconds. */
const CLEANING_MS = 60_000;
/** How often old pictures are let go, in milliseconds. */
const FADING_MS = 1000;
/** Wrong tokens that one address may try: a few at once, then one every two seconds. */
const WRONG_TOKENS = { perSecond: 0.5, burst: 20 };

/**
 * Starts the feed: the WebSocket `/v1/live`, the HTTP surface and the dashboard on one port.
 * @throws DeadpanError E_CONFIG on an address that others can reach without tokens; E_LISTEN; E_HISTORY
 */
export async function createFeedServer(options: FeedServerOptions): Promise<FeedServer> {
  const { config, cameras, version, window, registry, logger, staticRoot, readiness = () => [] } = options;
  const { limits } = config;
  const { host, port } = splitAddress(config.listen);
  const access = createAccess(config.tokens);
  if (!isLoopback(host) && !access.guarded) {
    throw new DeadpanError(
      'E_CONFIG',
      `The feed would listen on ${config.listen}, which other machines reach, without a single token.`,
      { advice: 'Add tokens to feed.tokens, or listen on 127.0.0.1.' },
    );
  }

  const checkOrigin = createOriginCheck({ origins: config.origins, loopbackOnly: !access.guarded });
  const files: ReadonlyMap<string, StaticFile> =
    staticRoot === undefined ? new Map<string, StaticFile>() : readStaticFiles(staticRoot);
  const history = config.history.enabled ? openHistory(config.history.file) : undefined;
  const state = createLiveState(config.trackSeconds);
  /** A status may come before its camera's line of the list, and after the line that removes it. */
  const shown: SnapshotState = {
    statuses: () => state.statuses().filter(({ camera }) => cameras.get(camera) !== undefined),
    tracks: () => state.tracks(),
  };
  const latencies = createLatencies();
  const metrics = createFeedMetrics(registry, {
    clients: () => hub.clients,
    statuses: () => shown.statuses(),
    streams: (camera) => state.streams(camera),
  });
  const hub = createHub({
    limits,
    state: shown,
    metrics: () => metrics,
    examine({ type, types }) {
      if (config.aggregatesOnly && type === 'subscribe' && types?.includes('expression') === true) {
        throw new DeadpanError(
          'E_FORBIDDEN',
          'This feed speaks of nobody alone: only "emotion" and "status".',
        );
      }
    },
  });
  const pictures = createPictureStore({
    pixels: config.aggregatesOnly ? 'off' : config.pixels,
    seconds: config.pictureSeconds,
    watched: (camera) => hub.watches(camera),
  });
  const routes = createRoutes({ config, version, window, cameras, state, history, pictures });
  const askLimits = (): ((address: string) => boolean) =>
    createRateLimits(limits.requestsPerSecond, limits.requestsPerSecond * 2);
  // Behind a proxy everybody is one address: what strangers use up must not be what holders of tokens live on.
  const holderMayAsk = askLimits();
  const strangerMayAsk = askLimits();
  const mayTry = createRateLimits(WRONG_TOKENS.perSecond, WRONG_TOKENS.burst);
  let closing = false;

  // ---- records in ----

  function publishWindow(emotion: Emotion): Promise<void> {
    const message = toEmotionMessage(emotion);
    state.setEmotion(message);
    observeLatency('emotion', emotion.camera, emotion.endUs);
    hub.publish(message);
    return history?.write(emotion) ?? Promise.resolve();
  }

  const groups = createWindowGroups(window.hop * 1000, (group: Group) => {
    const [first, ...rest] = group.map(({ emotion }) => emotion);
    const done = (): void => {
      for (const member of group) member.done();
    };
    if (first === undefined || group.length < config.aggregateMinimum) {
      done();
      return;
    }
    publishWindow(aggregate([first, ...rest])).then(done, (error: unknown) => {
      logger.error({ err: error }, 'an aggregate was not kept');
      done();
    });
  });

  function observeLatency(type: 'emotion' | 'expression', camera: string, timeUs: number): void {
    const ms = Date.now() - timeUs / 1000;
    // Files have times of their own, which say nothing of latency.
    if (ms < 0 || ms > 3_600_000) return;
    metrics.latency.observe({ type, camera }, ms / 1000);
    if (type === 'expression') latencies.add(camera, ms);
  }

  const lastStates = new Map<string, string>();
  let keepsStates = true;
  function keepState({ camera, timeUs, state: now, lastError }: CameraStatus): void {
    if (lastStates.get(camera) === now) return;
    try {
      history?.writeState({ camera, timeUs, state: now, error: now === 'streaming' ? null : lastError });
      lastStates.set(camera, now);
      keepsStates = true;
    } catch (error) {
      // It is tried again with the camera's next status, and said once.
      if (keepsStates) logger.error({ camera, err: error }, 'changes of cameras are not kept');
      keepsStates = false;
    }
  }

  const sink: FeedSink = {
    async publishEmotion(emotion) {
      if (!config.aggregatesOnly) return publishWindow(emotion);
      return new Promise((done) => {
        groups.add(emotion, done);
      });
    },
    publishExpression(expression) {
      observeLatency('expression', expression.camera, expression.timeUs);
      if (!config.aggregatesOnly && hub.watches(expression.camera))
        hub.publish(toExpressionMessage(expression));
      return Promise.resolve();
    },
    async publishStatus(status) {
      const { camera } = status;
      const message = toStatusMessage({
        ...status,
        latencyMs: status.latencyMs ?? (status.state === 'streaming' ? latencies.median(camera) : null),
      });
      if (status.state === 'removed') forget(camera);
      else state.setStatus(message);
      hub.publish(message);
      keepState(status);
      return Promise.resolve();
    },
  };

  function forget(camera: string): void {
    state.forget(camera);
    pictures.forget(camera);
    latencies.forget(camera);
  }

  let listed = new Set<string>();
  function followList(): void {
    const before = listed;
    listed = new Set(cameras.list().map(({ id }) => id));
    for (const camera of before) if (!listed.has(camera)) forget(camera);
    for (const camera of listed) {
      const status = state.status(camera);
      // Who asked before the camera was listed was not told.
      if (!before.has(camera) && status !== undefined) hub.publish(status);
    }
  }
  followList();
  const stopListening = cameras.onChange(followList);

  function clean(): void {
    try {
      const deleted = history?.deleteBefore((Date.now() - config.history.retention * 3_600_000) * 1000) ?? 0;
      if (deleted > 0) logger.info({ deleted }, 'old windows deleted');
    } catch (error) {
      logger.error({ err: error }, 'old windows cannot be deleted');
    }
  }
  clean();
  const cleaning = setInterval(clean, CLEANING_MS);
  const fading = setInterval(() => {
    pictures.prune();
  }, FADING_MS);
  fading.unref();
  cleaning.unref();

  // ---- requests in ----

  const addressOf = (message: IncomingMessage): string => message.socket.remoteAddress ?? '';

  const tooManyRequests = (): DeadpanError =>
    new DeadpanError('E_TOO_MANY', 'Too many requests came from this address.');

  /** @throws DeadpanError E_UNAUTHORIZED; E_TOO_MANY where wrong tokens keep coming from this address */
  function refuseStranger(message: IncomingMessage, token: string | undefined): never {
    if (token === undefined) throw new DeadpanError('E_UNAUTHORIZED', 'This needs a token.');
    if (!mayTry(addressOf(message))) {
      throw new DeadpanError('E_TOO_MANY', 'Too many wrong tokens came from this address.');
    }
    throw new DeadpanError('E_UNAUTHORIZED', 'This token is not known here.');
  }

  function missing(): string[] {
    const fault = history?.fault();
    return [
      ...(closing ? ['the server is stopping'] : []),
      ...(fault === undefined ? [] : [fault]),
      ...readiness(),
    ];
  }

  /** The answers that need no token: they say nothing of anybody. */
  function open(path: string, message: IncomingMessage): Reply | undefined {
    if (path === '/healthz') return { status: 200, body: 'ok\n', type: 'text/plain' };
    if (path === '/readyz') {
      const reasons = missing();
      if (reasons.length === 0) return { status: 200, body: 'ready\n', type: 'text/plain' };
      throw new DeadpanError('E_NOT_READY', `Not ready: ${reasons.join('; ')}.`);
    }
    const file = files.get(path);
    if (file === undefined) return undefined;
    const headers = { etag: file.etag, 'cache-control': 'no-cache', vary: 'accept-encoding' };
    if (message.headers['if-none-match'] === file.etag) return { status: 304, headers };
    const zips = /\bgzip\b/.test(message.headers['accept-encoding']?.toString() ?? '');
    return {
      status: 200,
      type: file.type,
      body: zips ? file.gzipped : file.body,
      headers: zips ? { ...headers, 'content-encoding': 'gzip' } : headers,
    };
  }

  async function answer(message: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    const token = bearerOf(message);
    const holder = access.find(token);
    const mayAsk = holder === undefined ? strangerMayAsk : holderMayAsk;
    if (!mayAsk(addressOf(message))) throw tooManyRequests();
    checkOrigin(message);
    const { url, segments } = parseTarget(message.url ?? '/');
    const method = message.method === 'HEAD' ? 'GET' : message.method;
    if (segments[0] !== 'v1' && url.pathname !== '/metrics') {
      const reply = open(url.pathname, message);
      if (reply === undefined) throw new DeadpanError('E_NOT_FOUND', `There is nothing at ${url.pathname}.`);
      if (method !== 'GET') throw new DeadpanError('E_METHOD', 'This can only be read.');
      return reply;
    }
    const principal = holder ?? refuseStranger(message, token);
    if (url.pathname === '/metrics') {
      requireEveryCamera(principal);
      return { status: 200, body: await registry.metrics(), type: registry.contentType };
    }
    const here = routes
      .map((route) => ({ route, parameters: match(route, segments) }))
      .filter((found) => found.parameters !== undefined);
    const found = here.find(({ route }) => route.method === method);
    if (found?.parameters === undefined) {
      if (here.length === 0) throw new DeadpanError('E_NOT_FOUND', `There is nothing at ${url.pathname}.`);
      throw new DeadpanError('E_METHOD', `Here go only ${here.map(({ route }) => route.method).join(', ')}.`);
    }
    requireRole(principal, found.route.role);
    return found.route.handle({ principal, url, parameters: found.parameters, message, signal });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    let reply: Reply;
    try {
      reply = await answer(message, gone.signal);
    } catch (error) {
      const { status, code } = problemOf(error);
      if (status === 500) logger.error({ err: error, url: message.url?.split('?')[0] }, 'a request failed');
      metrics.refused.inc({ reason: code });
      // What is left of the body is not read: the connection ends instead.
      reply = problemReply(error, message.complete ? {} : { connection: 'close' });
    }
    metrics.requests.inc({ method: message.method ?? '', status: reply.status });
    if (!response.destroyed) writeReply(response, reply);
  }

  const sockets = (deflate: PerMessageDeflateOptions | false): WebSocketServer =>
    new WebSocketServer({
      noServer: true,
      maxPayload: limits.messageBytes,
      perMessageDeflate: deflate,
      clientTracking: false,
      handleProtocols: (offered) => {
        for (const one of offered) if (!one.startsWith('bearer.')) return one;
        // A browser gives up unless one of its own is named.
        const [only] = offered;
        return only ?? false;
      },
    });
  const plain = sockets(false);
  const deflating = sockets({ threshold: 1024, serverNoContextTakeover: true, concurrencyLimit: 4 });

  function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      checkOrigin(message);
      const { url } = parseTarget(message.url ?? '/');
      if (url.pathname !== '/v1/live') {
        throw new DeadpanError('E_NOT_FOUND', `There is no WebSocket at ${url.pathname}; it is at /v1/live.`);
      }
      const protocols = (message.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
      const inProtocol = protocols.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length);
      const token = bearerOf(message) ?? inProtocol;
      const holder = access.find(token);
      if (holder === undefined && !strangerMayAsk(addressOf(message))) throw tooManyRequests();
      const principal = holder ?? refuseStranger(message, token);
      if (closing) throw new DeadpanError('E_NOT_READY', 'The server is stopping.');
      if (hub.clients >= limits.clients) {
        throw new DeadpanError('E_TOO_MANY', `The feed already has ${limits.clients} clients.`);
      }
      const compress =
        config.compress === 'on' || (config.compress === 'auto' && !isLoopback(addressOf(message)));
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      (compress ? deflating : plain).handleUpgrade(message, socket, head, (client) => {
        hub.join(client, socket, principal, hello(principal));
      });
    } catch (error) {
      const { status, title, code } = problemOf(error);
      if (status === 500) logger.error({ err: error }, 'an upgrade failed');
      metrics.refused.inc({ reason: code });
      const { body, type, headers } = problemReply(error);
      const text = String(body);
      const lines = Object.entries({
        connection: 'close',
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${text}`);
    }
  }

  function hello(principal: Principal): ServerMessage {
    const visible = cameras
      .list()
      .map(({ id }) => id)
      .filter((camera) => maySee(principal, camera));
    return {
      type: 'hello',
      at: new Date().toISOString(),
      version,
      cameras: visible,
      classes: [...CLASSES],
      window: { size: window.size, hop: window.hop },
    };
  }

  // Sockets that became WebSockets are no longer the HTTP server's to close.
  const upgraded = new Set<Duplex>();
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (message, response) => {
    void serve(message, response);
  });
  server.on('upgrade', upgrade);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new DeadpanError(
          'E_LISTEN',
          `The feed cannot listen on ${config.listen}: ${cause.code ?? cause.message}.`,
          {
            cause,
            advice: 'See whether another program holds the port, or choose another with --listen HOST:PORT.',
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    history?.close();
    clearInterval(cleaning);
    clearInterval(fading);
    throw error;
  });
  const { port: listening } = server.address() as AddressInfo;

  return {
    ...sink,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    pictures,
    async close() {
      if (closing) return;
      closing = true;
      clearInterval(cleaning);
      clearInterval(fading);
      stopListening();
      groups.flush();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      hub.close();
      server.closeIdleConnections();
      // Clients get a moment to take their leave; those that read nothing are cut off.
      const cut = setTimeout(() => {
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, 500);
      await closed;
      clearTimeout(cut);
      history?.close();
    },
  };
}

function splitAddress(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

/**
 * The target of a request, with its path in segments.
 * @throws DeadpanError E_REQUEST for one that climbs out of where it begins, or is no target at all
 */
function parseTarget(target: string): { url: URL; segments: string[] } {
  const refuse = (): DeadpanError =>
    new DeadpanError('E_REQUEST', 'The address of this request is not valid.');
  // Looked at as it came, because URL resolves the dots away.
  const path = target.split(/[?#]/, 1)[0] ?? '';
  let segments: string[];
  try {
    segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw refuse();
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!path.startsWith('/') || segments.some((segment) => /^\.{1,2}$|[/\\\u0000-\u001f]/.test(segment)))
    throw refuse();
  return { url: new URL(`http://localhost${target.replace(/^\/+/, '/')}`), segments };
}

function match({ path }: Route, segments: readonly string[]): Record<string, string> | undefined {
  if (path.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, part] of path.entries()) {
    const segment = segments[i] ?? '';
    if (part.startsWith(':')) parameters[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DeadpanError } from '@deadpan/shared';
import type { Registry } from 'prom-client';

/** What a probe server answers from. */
export interface ProbeServerOptions {
  /** `HOST:PORT`; port 0 for any free one. */
  readonly listen: string;
  readonly registry: Registry;
  /** What is missing before the service does its work; empty when nothing is. */
  readonly missing: () => readonly string[];
}

/** A server that listens. */
export interface ProbeServer {
  /** Where, e.g. `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (the process lives), `/readyz` (it does its work) and `/metrics` (Prometheus): what a platform asks
 * a service that nobody else speaks to.
 * @throws DeadpanError E_USAGE for an address that is none, E_LISTEN
 */
export async function startProbeServer({
  listen,
  registry,
  missing,
}: ProbeServerOptions): Promise<ProbeServer> {
  const { host, port } = splitAddress(listen);
  const server = createServer((request, response) => {
    const say = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        say(200, 'ok\n');
        return;
      case '/readyz': {
        const reasons = missing();
        if (reasons.length === 0) say(200, 'ready\n');
        else say(503, `not ready: ${reasons.join('; ')}\n`);
        return;
      }
      case '/metrics':
        registry.metrics().then(
          (text) => {
            say(200, text, registry.contentType);
          },
          () => {
            say(500, 'the metrics cannot be read\n');
          },
        );
        return;
      default:
        say(404, 'there are /healthz, /readyz and /metrics\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new DeadpanError('E_LISTEN', `Nobody can listen on ${listen}: ${cause.code ?? cause.message}.`, {
          cause,
          advice: 'See whether another program holds the port, or choose another with --listen HOST:PORT.',
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function splitAddress(listen: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    throw new DeadpanError('E_USAGE', `"${listen}" is not HOST:PORT, e.g. 127.0.0.1:9464 or [::1]:9464.`);
  }
  return { host, port: Number(port) };
}

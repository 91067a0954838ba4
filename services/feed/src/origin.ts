import type { IncomingMessage } from 'node:http';

import { DeadpanError } from '@deadpan/shared';

import { isLoopback } from './loopback.js';

/** What {@link createOriginCheck} needs to know. */
export interface OriginRules {
  /** Origins besides the server's own. */
  readonly origins: readonly string[];
  /** Whether requests must name a loopback host: a page that was rebound to this machine by its DNS names its own. */
  readonly loopbackOnly: boolean;
}

/**
 * A check that refuses pages of other sites. Programs send no Origin and pass.
 * @throws DeadpanError E_FORBIDDEN
 */
export function createOriginCheck({
  origins,
  loopbackOnly,
}: OriginRules): (request: IncomingMessage) => void {
  const allowed = new Set(origins.map((origin) => new URL(origin).origin));
  return (request) => {
    const host = request.headers.host ?? '';
    if (loopbackOnly && !isLoopback(host.replace(/:\d+$/, ''))) {
      throw new DeadpanError('E_FORBIDDEN', 'This server answers only to requests for a loopback address.');
    }
    const { origin } = request.headers;
    if (origin === undefined || allowed.has(origin)) return;
    if (origin === `http://${host}` || origin === `https://${host}`) return;
    throw new DeadpanError('E_FORBIDDEN', `Pages of ${origin} may not use this feed.`);
  };
}

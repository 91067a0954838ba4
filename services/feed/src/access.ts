import { createHash, timingSafeEqual } from 'node:crypto';

import { DeadpanError } from '@deadpan/shared';

import type { FeedConfig } from './config.js';

/** What somebody may do. An operator may do all that a viewer may. */
export type Role = 'viewer' | 'operator';

/** Whoever is asking. */
export interface Principal {
  readonly role: Role;
  /** The only cameras they may see; null: all. */
  readonly cameras: ReadonlySet<string> | null;
}

/** Tells who holds a token. */
export interface Access {
  /** Whether a token is needed at all. */
  readonly guarded: boolean;
  /** Who holds the token; undefined without one, or with one that nobody was given. */
  find(token: string | undefined): Principal | undefined;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Without tokens everybody is an operator: the server then only listens where nobody else can reach it. */
export function createAccess(tokens: FeedConfig['tokens']): Access {
  const everybody: Principal = { role: 'operator', cameras: null };
  const known = tokens.map(({ token, role, cameras }) => ({
    digest: digest(token),
    principal: { role, cameras: cameras === undefined ? null : new Set(cameras) },
  }));
  return {
    guarded: known.length > 0,
    find(token) {
      if (known.length === 0) return everybody;
      if (token === undefined) return undefined;
      const given = digest(token);
      let found: Principal | undefined;
      // Every token is compared, and whole digests are, so that the time taken tells nothing.
      for (const { digest: one, principal } of known) if (timingSafeEqual(one, given)) found = principal;
      return found;
    },
  };
}

/** Whether somebody may see a camera. */
export function maySee(principal: Principal, camera: string): boolean {
  return principal.cameras === null || principal.cameras.has(camera);
}

/** @throws DeadpanError E_FORBIDDEN where the camera is not among theirs, whether it exists or not. */
export function requireCamera(principal: Principal, camera: string): void {
  if (!maySee(principal, camera)) {
    throw new DeadpanError('E_FORBIDDEN', `Your token does not cover the camera "${camera}".`);
  }
}

/** @throws DeadpanError E_FORBIDDEN where they may see some cameras only, for what cannot be told apart by camera. */
export function requireEveryCamera(principal: Principal): void {
  if (principal.cameras !== null) {
    throw new DeadpanError('E_FORBIDDEN', 'This speaks of every camera; your token covers only some.');
  }
}

/** @throws DeadpanError E_FORBIDDEN where the role does not suffice. */
export function requireRole(principal: Principal, role: Role): void {
  if (role === 'operator' && principal.role !== 'operator') {
    throw new DeadpanError('E_FORBIDDEN', 'This needs an operator; your token is a viewer.');
  }
}

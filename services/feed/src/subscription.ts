import { SUBSCRIBABLE, type ClientMessage } from '@deadpan/shared';

/** A kind of message that may be subscribed to. */
export type Subscribable = (typeof SUBSCRIBABLE)[number];

/** What one client wants to hear. */
export interface Subscription {
  /** Applies a client's message; returns whether what it asks for covers a message of that kind and camera. */
  apply(message: ClientMessage): (type: Subscribable, camera: string) => boolean;
  wants(type: Subscribable, camera: string): boolean;
}

/** All cameras but some, or only some. */
interface Cameras {
  readonly all: boolean;
  readonly named: ReadonlySet<string>;
}

const NONE: Cameras = { all: false, named: new Set() };
const covers = ({ all, named }: Cameras, camera: string): boolean => all !== named.has(camera);

function plus(before: Cameras, cameras: readonly string[] | undefined): Cameras {
  if (cameras === undefined) return { all: true, named: new Set() };
  const named = new Set(before.named);
  for (const camera of cameras) {
    if (before.all) named.delete(camera);
    else named.add(camera);
  }
  return { all: before.all, named };
}

function minus(before: Cameras, cameras: readonly string[] | undefined): Cameras {
  if (cameras === undefined) return NONE;
  const named = new Set(before.named);
  for (const camera of cameras) {
    if (before.all) named.add(camera);
    else named.delete(camera);
  }
  return { all: before.all, named };
}

/** A subscription to nothing. Subscriptions add up; those without types mean `emotion` and `status`. */
export function createSubscription(): Subscription {
  let current: Readonly<Record<Subscribable, Cameras>> = { emotion: NONE, expression: NONE, status: NONE };
  return {
    wants: (type, camera) => covers(current[type], camera),
    apply({ type, types, cameras }) {
      const kinds: readonly Subscribable[] =
        types ?? (type === 'subscribe' ? ['emotion', 'status'] : SUBSCRIBABLE);
      const next = { ...current };
      for (const kind of kinds) next[kind] = (type === 'subscribe' ? plus : minus)(current[kind], cameras);
      current = next;
      return (kind, camera) => kinds.includes(kind) && (cameras?.includes(camera) ?? true);
    },
  };
}

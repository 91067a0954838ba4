import type { Emotion } from '@deadpan/shared';

/** Windows of one camera and one time, and what to do once they are taken care of. */
export type Group = readonly { readonly emotion: Emotion; readonly done: () => void }[];

/** Collects the windows of a camera that speak of the same time. */
export interface WindowGroups {
  add(emotion: Emotion, done: () => void): void;
  /** Closes every group. */
  flush(): void;
}

/**
 * A group is complete when the camera's next window begins later, or `waitMs` after its first member came: the windows
 * of one time leave the window stage together. A member that comes later makes a group of its own.
 */
export function createWindowGroups(waitMs: number, complete: (group: Group) => void): WindowGroups {
  const open = new Map<string, { startUs: number; members: Group[number][]; timer: NodeJS.Timeout }>();
  const close = (camera: string): void => {
    const group = open.get(camera);
    if (group === undefined) return;
    clearTimeout(group.timer);
    open.delete(camera);
    complete(group.members);
  };
  return {
    add(emotion, done) {
      const { camera, startUs } = emotion;
      const group = open.get(camera);
      if (group?.startUs === startUs) {
        group.members.push({ emotion, done });
        return;
      }
      close(camera);
      const timer = setTimeout(close, waitMs, camera);
      open.set(camera, { startUs, members: [{ emotion, done }], timer });
    },
    flush() {
      for (const camera of [...open.keys()]) close(camera);
    },
  };
}

import type { EmotionMessage, StatusMessage } from '@deadpan/shared';

/** Somebody who is present now. */
export interface LiveTrack {
  readonly camera: string;
  readonly track: string;
  /** The newest window. */
  readonly emotion: EmotionMessage;
}

/** What is true now: the newest window of everybody present, the newest status of every camera. */
export interface LiveState {
  setEmotion(emotion: EmotionMessage): void;
  setStatus(status: StatusMessage): void;
  tracks(): LiveTrack[];
  statuses(): StatusMessage[];
  status(camera: string): StatusMessage | undefined;
  /** Whether pictures come from a camera. One that fell silent does not stream: whoever read it is gone. */
  streams(camera: string): boolean;
  /** Forgets a camera and everybody seen by it. */
  forget(camera: string): void;
}

/** A camera that streams says so once a second: one that says nothing for so long does not, in milliseconds. */
const SILENT_MS = 10_000;

/** A live state in which somebody without a new window for `trackSeconds` is gone. `now` is in milliseconds. */
export function createLiveState(trackSeconds: number, now = (): number => performance.now()): LiveState {
  const tracks = new Map<string, { readonly seen: number; readonly live: LiveTrack }>();
  const statuses = new Map<string, { readonly heard: number; readonly status: StatusMessage }>();
  const dropGone = (): void => {
    const oldest = now() - trackSeconds * 1000;
    // In the order of `seen`, because a track is put back at the end with each window.
    for (const [key, { seen }] of tracks) {
      if (seen >= oldest) return;
      tracks.delete(key);
    }
  };
  return {
    setEmotion(emotion) {
      const { camera, track } = emotion;
      const key = `${camera}/${track}`;
      tracks.delete(key);
      tracks.set(key, { seen: now(), live: { camera, track, emotion } });
      dropGone();
    },
    setStatus(status) {
      statuses.set(status.camera, { heard: now(), status });
    },
    tracks() {
      dropGone();
      return [...tracks.values()].map(({ live }) => live);
    },
    statuses: () => [...statuses.values()].map(({ status }) => status),
    status: (camera) => statuses.get(camera)?.status,
    streams(camera) {
      const last = statuses.get(camera);
      return last?.status.state === 'streaming' && last.heard > now() - SILENT_MS;
    },
    forget(camera) {
      statuses.delete(camera);
      for (const [key, { live }] of tracks) if (live.camera === camera) tracks.delete(key);
    },
  };
}

/** The states of a camera's life. */
export const CAMERA_STATES = [
  'connecting',
  'streaming',
  'stalled',
  'waiting',
  'failed',
  'paused',
  'removed',
] as const;

/** One state of a camera's life. */
export type CameraState = (typeof CAMERA_STATES)[number];

/** How a camera is: published at every change of state and once a second while it streams. Holds no credentials. */
export interface CameraStatus {
  readonly camera: string;
  readonly state: CameraState;
  /** Wall clock of this status, microseconds since 1970 (UTC). */
  readonly timeUs: number;
  readonly epoch: number;
  /** Frames a second that arrive, that are analysed, and that are dropped, over the last seconds. */
  readonly fpsIn: number;
  readonly fpsAnalysed: number;
  readonly fpsDropped: number;
  /** From capture to result, milliseconds, median of the last seconds; null before the first result. */
  readonly latencyMs: number | null;
  /** Stalls and reconnects of the last hour. */
  readonly stalls: number;
  readonly reconnects: number;
  /** The last error in full, without credentials; null while there was none. */
  readonly lastError: string | null;
}

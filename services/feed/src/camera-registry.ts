import { z } from 'zod';

/** A camera as the feed shows it: its address holds no credentials. */
export interface CameraEntry {
  /** The camera's name, which is its id everywhere. */
  readonly id: string;
  /** Where it is, credentials replaced by `***`. */
  readonly address: string;
  /** Frames a second that are analysed; null: all. */
  readonly fps: number | null;
  readonly paused: boolean;
}

/** What ffmpeg answered when it was asked about an address. */
export interface CameraProbe {
  readonly reachable: boolean;
  /** Codec, size and rate of the video; null where it was not reached. */
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  /** The decoder's own words, credentials hidden. */
  readonly answer: string;
  /** What went wrong, as a sentence; null where nothing did. */
  readonly error: string | null;
  /** The first frame as JPEG; only shown where the configuration allows frames. */
  readonly preview: Uint8Array | null;
}

const id = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'a name has up to 64 letters, digits, spaces or . _ -')
  .describe('Name of the camera.');
const address = z
  .string()
  .trim()
  .min(1)
  .max(2048)
  .describe('Where the camera is, e.g. rtsp://user:password@host/path.');
const fps = z.number().positive().max(120).nullable().describe('Frames a second to analyse; null: all.');

/** Body of `POST /v1/cameras`. */
export const newCamera = z.strictObject({
  id,
  address,
  fps: fps.default(null),
  paused: z.boolean().default(false),
});

/** Body of `PATCH /v1/cameras/ID`: what is left out stays. */
export const cameraChange = z.strictObject({
  address: address.optional(),
  fps: fps.optional(),
  paused: z.boolean().optional(),
});

/** Body of `POST /v1/probe`. */
export const probeRequest = z.strictObject({ address });

export type NewCamera = z.infer<typeof newCamera>;
export type CameraChange = z.infer<typeof cameraChange>;

/**
 * The cameras, as the feed needs them. Whoever runs the cameras implements it; errors are DeadpanErrors:
 * E_NOT_FOUND, E_CONFLICT (the name is taken), E_REQUEST (an address that cannot be one).
 */
export interface CameraRegistry {
  list(): readonly CameraEntry[];
  get(camera: string): CameraEntry | undefined;
  add(camera: NewCamera): Promise<CameraEntry>;
  update(camera: string, change: CameraChange): Promise<CameraEntry>;
  /** Resolves once nothing more comes from the camera. */
  remove(camera: string): Promise<void>;
  /** Asks an address what it has to offer; `signal` aborts when the asker has gone. Never rejects for what the address did. */
  probe(address: string, signal: AbortSignal): Promise<CameraProbe>;
  /** Calls `listener` after each change of the list; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

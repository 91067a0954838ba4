import type { FrameReference } from '@deadpan/shared';

/** A face and its generated neutral reference: gray bytes, square, of the same size. */
export interface FacePicture {
  readonly crop: Uint8Array;
  readonly reference: Uint8Array;
}

/** A frame as it was analysed. */
export interface FramePicture {
  readonly frame: FrameReference;
  readonly jpeg: Uint8Array;
}

/**
 * Pictures of the last seconds, in memory only. Whoever analyses frames puts them; what the configuration does not
 * allow is not taken.
 */
export interface PictureStore {
  /** Whether somebody looks at the camera: where not, nobody needs to encode its frames. */
  wantsFrames(camera: string): boolean;
  /** Whether faces are allowed at all. */
  readonly takesFaces: boolean;
  putFrame(frame: FrameReference, jpeg: Uint8Array): void;
  putFace(frame: FrameReference, track: string, face: FacePicture): void;
  /** Asking keeps the camera wanted for the next seconds. */
  frame(camera: string, epoch: number, sequence: number): FramePicture | undefined;
  newestFrame(camera: string): FramePicture | undefined;
  face(camera: string, epoch: number, sequence: number, track: string): FacePicture | undefined;
  forget(camera: string): void;
  /** Lets go what is older than it may be, also of cameras that send nothing any more. */
  prune(): void;
}

/** What {@link createPictureStore} needs. */
export interface PictureStoreOptions {
  readonly pixels: 'off' | 'faces' | 'frames';
  /** How long a picture stays, in seconds. */
  readonly seconds: number;
  /** Whether a client follows the camera's faces. */
  readonly watched: (camera: string) => boolean;
  /** Clock in milliseconds. */
  readonly now?: () => number;
}

/** How long one request for a picture keeps a camera wanted, in milliseconds: longer than pages take between two. */
const WANTED_MS = 15_000;

interface Shot {
  readonly taken: number;
  picture?: FramePicture;
  readonly faces: Map<string, FacePicture>;
}

/** A store that keeps pictures for `seconds`, and the newest frame of a camera until the next one. */
export function createPictureStore(options: PictureStoreOptions): PictureStore {
  const { pixels, seconds, watched, now = () => performance.now() } = options;
  const shots = new Map<string, Map<string, Shot>>();
  const newest = new Map<string, FramePicture>();
  const asked = new Map<string, number>();

  function shotOf({ camera, epoch, sequence }: FrameReference): Shot {
    let ofCamera = shots.get(camera);
    if (ofCamera === undefined) shots.set(camera, (ofCamera = new Map<string, Shot>()));
    const key = `${epoch}/${sequence}`;
    let shot = ofCamera.get(key);
    if (shot === undefined) ofCamera.set(key, (shot = { taken: now(), faces: new Map() }));
    return shot;
  }

  const find = (camera: string, epoch: number, sequence: number): Shot | undefined => {
    const shot = shots.get(camera)?.get(`${epoch}/${sequence}`);
    return shot !== undefined && shot.taken >= now() - seconds * 1000 ? shot : undefined;
  };

  return {
    takesFaces: pixels !== 'off',
    wantsFrames(camera) {
      if (pixels !== 'frames') return false;
      return watched(camera) || now() - (asked.get(camera) ?? Number.NEGATIVE_INFINITY) < WANTED_MS;
    },
    putFrame(frame, jpeg) {
      if (pixels !== 'frames') return;
      const picture = { frame, jpeg };
      shotOf(frame).picture = picture;
      newest.set(frame.camera, picture);
    },
    putFace(frame, track, face) {
      if (pixels !== 'off') shotOf(frame).faces.set(track, face);
    },
    frame(camera, epoch, sequence) {
      asked.set(camera, now());
      return find(camera, epoch, sequence)?.picture;
    },
    newestFrame(camera) {
      asked.set(camera, now());
      return newest.get(camera);
    },
    face: (camera, epoch, sequence, track) => find(camera, epoch, sequence)?.faces.get(track),
    forget(camera) {
      for (const map of [shots, newest, asked]) map.delete(camera);
    },
    prune() {
      const oldest = now() - seconds * 1000;
      for (const [camera, ofCamera] of shots) {
        for (const [key, { taken }] of ofCamera) {
          if (taken >= oldest) break;
          ofCamera.delete(key);
        }
        if (ofCamera.size === 0) shots.delete(camera);
      }
    },
  };
}

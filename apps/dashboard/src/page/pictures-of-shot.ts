import { api, type About } from './api.js';
import type { Shot } from './shots.js';

/** The pictures that belong to a shot, as far as the configuration allows them and they are still there. */
export interface ShotPictures {
  readonly frame: ImageBitmap | undefined;
  /** Per track: the face and its generated neutral reference. */
  readonly faces: ReadonlyMap<string, { readonly face?: ImageBitmap; readonly reference?: ImageBitmap }>;
}

/** Fetches the pictures of shots and keeps those of the last ones. */
export function createPictureLoader(about: About, keep = 60): (shot: Shot) => Promise<ShotPictures> {
  const kept = new Map<string, Promise<ShotPictures>>();

  const bitmap = async (blob: Promise<Blob>): Promise<ImageBitmap | undefined> => {
    try {
      return await createImageBitmap(await blob);
    } catch {
      // Gone already, or never kept: the stage stays blank there.
      return undefined;
    }
  };

  async function load(shot: Shot): Promise<ShotPictures> {
    const { camera, epoch, sequence } = shot;
    const faces = new Map<string, { face?: ImageBitmap; reference?: ImageBitmap }>();
    if (about.pixels === 'off') return { frame: undefined, faces };
    const frame = about.pixels === 'frames' ? bitmap(api.frame(camera, epoch, sequence)) : undefined;
    await Promise.all(
      shot.faces.map(async ({ track = '' }) => {
        const [face, reference] = await Promise.all([
          about.pixels === 'faces' ? bitmap(api.face(camera, epoch, sequence, track, 'face')) : undefined,
          bitmap(api.face(camera, epoch, sequence, track, 'reference')),
        ]);
        faces.set(track, {
          ...(face === undefined ? {} : { face }),
          ...(reference === undefined ? {} : { reference }),
        });
      }),
    );
    return { frame: await frame, faces };
  }

  return (shot) => {
    const key = `${shot.camera}/${shot.epoch}/${shot.sequence}`;
    let loading = kept.get(key);
    if (loading === undefined) {
      loading = load(shot);
      kept.set(key, loading);
      for (const [old, pictures] of kept) {
        if (kept.size <= keep) break;
        kept.delete(old);
        void pictures.then(({ frame, faces }) => {
          frame?.close();
          for (const { face, reference } of faces.values()) {
            face?.close();
            reference?.close();
          }
        });
      }
    }
    return loading;
  };
}

import type { PictureStore } from '@deadpan/feed';
import { frameId, type FacePair, type Frame, type FrameReference } from '@deadpan/shared';
import sharp from 'sharp';

/** Quality of the JPEG, 1..100: for looking at, not for analysis. */
const QUALITY = 75;

/** Takes pictures of what is analysed, as far as the configuration allows and somebody looks. */
export interface FramePictures {
  /**
   * A frame that is released once both whoever gets it and its picture are done with the pixels. The encoder runs beside
   * the analysis, on another thread.
   */
  take(frame: Frame): Frame;
  takeFaces(pair: FacePair): void;
  /** Resolves when the picture of a frame is there, so that nothing is said of a frame that cannot be shown yet. */
  ready(frame: FrameReference): Promise<void>;
}

/** Puts pictures into the feed's store. */
export function createFramePictures(store: PictureStore): FramePictures {
  const encoding = new Map<string, Promise<void>>();

  async function encode(frame: Frame): Promise<void> {
    const { width, height, data } = frame.image;
    const { camera, epoch, sequence, timeUs } = frame;
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: QUALITY })
      .toBuffer();
    store.putFrame({ camera, epoch, sequence, timeUs, width: frame.width, height: frame.height }, jpeg);
  }

  return {
    take(frame) {
      if (!store.wantsFrames(frame.camera)) return frame;
      let users = 2;
      const release = (): void => {
        users -= 1;
        if (users === 0) frame.release();
      };
      const id = frameId(frame);
      const done = encode(frame)
        // A picture that cannot be made is missing on the page, and nowhere else.
        .catch(() => undefined)
        .finally(() => {
          encoding.delete(id);
          release();
        });
      encoding.set(id, done);
      return { ...frame, release };
    },
    takeFaces({ face, ...frame }) {
      if (face === null || !store.takesFaces) return;
      store.putFace(frame, face.track, { crop: face.crop, reference: face.reference });
    },
    ready: (frame) => encoding.get(frameId(frame)) ?? Promise.resolve(),
  };
}

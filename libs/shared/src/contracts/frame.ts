/** Which frame a record speaks of. Equal references mean the same frame, whoever computed the record and when. */
export interface FrameReference {
  /** The camera's or file's name. */
  readonly camera: string;
  /** Rises by one at each reconnect of a live source; 0 for files. */
  readonly epoch: number;
  /** Counts the analysed frames of an epoch from 0. */
  readonly sequence: number;
  /** Capture time in whole microseconds: since the start of the media for files, since 1970 (UTC) for live sources. */
  readonly timeUs: number;
  /** Width of the upright source frame in pixels. Boxes and landmarks are in these pixels. */
  readonly width: number;
  /** Height of the upright source frame in pixels. */
  readonly height: number;
}

/** Raw pixels of a frame: RGB, 8 bits a channel, rows from the top, no padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes; over shared memory where a worker reads them without a copy. */
  readonly data: Uint8Array;
}

/** One decoded frame on its way to the faces in it. */
export interface Frame extends FrameReference {
  /** The pixels at analysis size, which may be smaller than the source frame but has its aspect ratio. */
  readonly image: RgbImage;
  /** Hands the pixels back for reuse. Whoever reads them last calls it, once; `image` must not be read after. */
  release(): void;
}

/** A frame's own id: the same for the same frame of the same source in every run. */
export function frameId(frame: FrameReference): string {
  return `${frame.camera}/${frame.epoch}/${frame.sequence}`;
}

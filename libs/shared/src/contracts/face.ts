import type { FrameReference } from './frame.js';

/** An upright rectangle in pixels of the source frame; it may reach beyond the frame's edge. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Head pose in degrees: yaw > 0 looks to the image's right, pitch > 0 looks up, roll > 0 tilts clockwise. */
export interface Pose {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

/** Side of the aligned crop and of its generated reference, in pixels. */
export const CROP_SIZE = 64;

/** A face that was found, followed and aligned. */
export interface AlignedFace {
  /** Track id: the same person followed without a break within one camera and session. */
  readonly track: string;
  readonly box: Box;
  /** The detector's confidence, 0..1. */
  readonly detection: number;
  /** 68 landmarks (iBUG order) as x0, y0, x1, y1, ... in pixels of the source frame. */
  readonly landmarks: Float32Array;
  readonly pose: Pose;
  /** 0 (useless) .. 1 (frontal, large, sharp). */
  readonly quality: number;
  /** The aligned face: {@link CROP_SIZE} x {@link CROP_SIZE} gray bytes, rows from the top. */
  readonly crop: Uint8Array;
}

/**
 * One face of a frame. A frame with n faces gives n records; a frame without one gives a single record whose `face`
 * is null, so that what follows knows that time went on.
 */
export interface Face extends FrameReference {
  /** How many faces the frame holds. */
  readonly faces: number;
  readonly face: AlignedFace | null;
}

/** The face beside the neutral reference that HNG generated from it. */
export interface FacePair extends FrameReference {
  readonly faces: number;
  readonly face: (AlignedFace & { readonly reference: Uint8Array }) | null;
}

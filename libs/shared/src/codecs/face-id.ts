import { frameId, type FrameReference } from '../contracts/index.js';

interface AboutFace extends FrameReference {
  readonly face: { readonly track: string } | null;
}

/** The id of a record about one face of a frame, or about a frame without one. */
export function faceId(record: AboutFace): string {
  return record.face === null ? frameId(record) : `${frameId(record)}/${record.face.track}`;
}

/** The message key of a record about one face: camera and track; the camera alone for a frame without one. */
export function trackKey(record: AboutFace): string {
  return record.face === null ? record.camera : `${record.camera}/${record.face.track}`;
}

import type { Expression } from '@deadpan/shared';

import { openTable, type Table, type TableLayout } from './csv-table.js';
import { numberOrNaN } from './py-feat-table.js';

const LANDMARKS = Array.from({ length: 68 }, (_, i) => i);

/** The columns of OpenFace 2 (FaceLandmarkVidMulti) that exist here, without the space that it puts after a comma. */
export const OPENFACE_COLUMNS: readonly string[] = [
  ...['frame', 'face_id', 'timestamp', 'confidence', 'success', 'pose_Rx', 'pose_Ry', 'pose_Rz'],
  ...LANDMARKS.map((i) => `x_${i}`),
  ...LANDMARKS.map((i) => `y_${i}`),
];

const layout: TableLayout<Expression> = {
  columns: OPENFACE_COLUMNS,
  cells({ sequence, timeUs, face }) {
    // OpenFace counts frames from 1.
    const frame = String(sequence + 1);
    const timestamp = numberOrNaN(timeUs / 1e6, 3);
    if (face === null) {
      return [frame, 'NaN', timestamp, '0', '0', ...OPENFACE_COLUMNS.slice(5).map(() => 'NaN')];
    }
    const { pose, landmarks } = face;
    return [
      frame,
      face.track,
      timestamp,
      numberOrNaN(face.detection, 4),
      '1',
      ...[-pose.pitch, -pose.yaw, pose.roll].map((degrees) => numberOrNaN((degrees * Math.PI) / 180, 4)),
      ...LANDMARKS.map((i) => numberOrNaN(landmarks[2 * i] ?? NaN, 2)),
      ...LANDMARKS.map((i) => numberOrNaN(landmarks[2 * i + 1] ?? NaN, 2)),
    ];
  },
};

/**
 * Opens a table for scripts that read OpenFace's: one row a face, `success` 0 and `NaN` where a frame has none.
 *
 * Rotations are radians with OpenFace's signs (its camera looks along z, y points down): `pose_Rx` greater than 0
 * looks down, `pose_Ry` to the image's left, `pose_Rz` tilts clockwise. `face_id` is the track.
 *
 * @param bytes as {@link openTable} has it
 * @throws DeadpanError `E_OUTPUT`
 */
export function openOpenFaceTable(path: string, bytes?: number): Promise<Table<Expression>> {
  return openTable(path, layout, bytes);
}

import { randomUUID } from 'node:crypto';

import { invalidRecord, type RecordCodec } from '@deadpan/shared';
import { z } from 'zod';

import { cameraConfig, type CameraSpec } from '../live/camera-config.js';

/** A line of the list of cameras: the newest of a name counts. */
export interface ListedCamera extends CameraSpec {
  /** It is no longer read. */
  readonly removed: boolean;
  /** Digest of the configuration's entry that put it on the list; edits leave it. */
  readonly configured?: string | undefined;
}

const TYPE = 'deadpan.camera.v1';
const listed = z.object({ ...cameraConfig.shape, removed: z.boolean(), configured: z.string().optional() });

/** JSON, for Deadpan's own services: addresses hold passwords, so nobody else may read the topic. */
export const cameraListCodec: RecordCodec<ListedCamera> = {
  type: TYPE,
  contentType: 'application/json',
  encode: (camera) => Buffer.from(JSON.stringify(camera)),
  decode(bytes) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(bytes).toString());
    } catch {
      // The cause would quote the value.
      throw invalidRecord(TYPE, 'it is not JSON');
    }
    const result = listed.safeParse(parsed);
    if (!result.success) throw invalidRecord(TYPE, 'it lacks what belongs to a camera');
    return result.data;
  },
  // Each change is a record of its own, also one back to how it was.
  id: ({ name }) => `${name}/${randomUUID()}`,
  key: ({ name }) => name,
};

import { createHash } from 'node:crypto';

import type { CameraSpec } from '../live/camera-config.js';
import { putCameras, readCameraList, type CameraListOptions } from './camera-list.js';

/**
 * Puts the configuration's cameras on the list, each once: what operators have edited, paused or removed since stays as
 * they left it, however often ingest starts, until the configuration's own entry changes.
 * @throws DeadpanError as {@link putCameras} does
 */
export async function putConfiguredCameras(
  options: CameraListOptions,
  cameras: readonly CameraSpec[],
  signal: AbortSignal,
): Promise<void> {
  if (cameras.length === 0) return;
  const listed = await readCameraList(options, signal);
  const due = cameras
    .map((camera) => ({ ...camera, removed: false, configured: digestOf(camera) }))
    .filter(({ name, configured }) => listed.get(name)?.configured !== configured);
  await putCameras(options, due, signal);
}

function digestOf({ name, address, fps, paused }: CameraSpec): string {
  return createHash('sha256')
    .update(JSON.stringify([name, address, fps, paused]))
    .digest('hex');
}

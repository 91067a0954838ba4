import { cameraAddress } from '@deadpan/ingest/camera-address';

import type { CameraSpec } from './camera-config.js';

/**
 * Takes what the addresses of cameras hide out of this process's arguments, which every user of a machine can read.
 * @param sources the arguments that are cameras: an address, or NAME=ADDRESS
 * @param cameras what was read from them, in the same order
 * @throws DeadpanError E_USAGE for an address that cannot be one
 */
export function hideCredentialsInTitle(sources: readonly string[], cameras: readonly CameraSpec[]): void {
  const shown = new Map<string, string>();
  cameras.forEach(({ address }, i) => {
    const source = sources[i] ?? address;
    const camera = cameraAddress(address);
    if (camera.host !== null) shown.set(source, source.slice(0, -address.length) + camera.shown);
  });
  // A title takes the place of the arguments, all of them, and is cut off where they ended.
  if (shown.size > 0)
    process.title = ['deadpan', ...process.argv.slice(2).map((arg) => shown.get(arg) ?? arg)].join(' ');
}

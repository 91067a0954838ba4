// Cameras for the Kafka benches: a real RTSP server, and ffmpeg processes that send it the demo's clip (three people) at
// 25 frames a second, again and again.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findFfmpeg } from '../../services/ingest/dist/index.js';
import {
  freePort,
  rtspServerBinary,
  startPublisher,
  startRtspServer,
} from '../../services/ingest/dist/sample-camera.js';

const clip = join(fileURLToPath(new URL('../..', import.meta.url)), 'test/media/clip.mp4');

/** Starts `count` cameras; `sources` are NAME=ADDRESS as the command line takes them. */
export async function startCameras(count) {
  const binary = rtspServerBinary();
  if (binary === null) throw new Error('Go is not installed: see https://go.dev/dl.');
  const port = await freePort();
  const server = await startRtspServer(binary, port);
  const ffmpeg = await findFfmpeg();
  const names = Array.from({ length: count }, (_, i) => `camera-${i + 1}`);
  const urls = names.map((name) => `rtsp://127.0.0.1:${port}/${name}`);
  const publishers = await Promise.all(urls.map((url) => startPublisher(ffmpeg, clip, url)));
  return {
    sources: names.map((name, i) => `${name}=${urls[i]}`),
    async stop() {
      await Promise.all(publishers.map((publisher) => publisher.kill()));
      await server.kill();
    },
  };
}

// Frames of a video by ffmpeg through a raw pipe, rgb24, as a peer's user would read them.
import { performance } from 'node:perf_hooks';
import { spawn } from 'node:child_process';

/**
 * Yields every frame of a video. Each is read into memory of its own, because a tensor may keep it.
 * @param {{ ffmpeg: string, clip: string, width: number, height: number }} job size of the frames, already scaled down
 */
export async function* rawFrames({ ffmpeg, clip, width, height }) {
  const args = ['-v', 'error', '-nostdin', '-i', clip, '-map', '0:V:0', '-vf', `scale=${width}:${height}`];
  const output = ['-fps_mode', 'passthrough', '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'];
  const child = spawn(ffmpeg, [...args, ...output], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  let frame = new Uint8Array(width * height * 3);
  let filled = 0;
  for await (const chunk of child.stdout) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + frame.length - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frame.length) continue;
      yield frame;
      frame = new Uint8Array(frame.length);
      filled = 0;
    }
  }
  const code = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with exit code ${code}.`);
}

/**
 * Runs a peer over the clip of the job on the command line, and prints what came of it as JSON. The clock starts when
 * the networks are loaded and have run once.
 * @param {(frame: Uint8Array, job: object) => Promise<number>} facesOf the number of faces with a box, landmarks and expressions
 */
export async function runPeer(facesOf) {
  const job = JSON.parse(process.argv[2] ?? '');
  await facesOf(new Uint8Array(job.width * job.height * 3), job);
  const started = performance.now();
  let [frames, faces] = [0, 0];
  for await (const frame of rawFrames(job)) {
    faces += await facesOf(frame, job);
    frames += 1;
  }
  process.stdout.write(
    `${JSON.stringify({ frames, faces, seconds: (performance.now() - started) / 1000 })}\n`,
  );
}

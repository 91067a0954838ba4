import { connect } from 'node:net';
import type { CameraAddress } from './camera-address.js';

const LONGEST_MS = 1_500;

/**
 * Asks a camera, without ffmpeg and without logging in, whether it is there: the first line of its answer to an RTSP
 * DESCRIBE (`RTSP/1.0 404 Not Found`), `open` for a port of another kind that takes connections, `silent` where
 * something takes the connection and says nothing, `closed` where nothing does.
 *
 * What it says matters little; that it says something else than before means that the camera is back.
 */
export async function cameraAnswer(address: CameraAddress): Promise<string> {
  const { host, kind } = address;
  if (host === null) return 'local';
  return new Promise((resolve) => {
    const socket = connect({ host: host.name, port: host.port });
    let connected = false;
    const finish = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      finish(connected ? 'silent' : 'closed');
    }, LONGEST_MS);
    socket.once('error', () => {
      finish('closed');
    });
    socket.once('close', () => {
      finish('closed');
    });
    socket.once('connect', () => {
      connected = true;
      if (kind !== 'rtsp') {
        finish('open');
        return;
      }
      socket.write(`DESCRIBE ${streamOf(address)} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`);
    });
    socket.once('data', (data) => {
      finish(data.toString('latin1').split('\r\n')[0] ?? '');
    });
  });
}

/**
 * What the stream is called, as ffmpeg asks for it. A name and a password that are a part of it stay: with others in their
 * place the camera would count attempts to get in.
 */
function streamOf({ location }: CameraAddress): string {
  const url = new URL(location);
  url.username = '';
  url.password = '';
  return url.href;
}

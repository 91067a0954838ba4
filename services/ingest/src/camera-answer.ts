import { existsSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { CameraAddress } from './camera-address.js';

const LONGEST_MS = 1_500;

/**
 * Asks a camera, without ffmpeg and without logging in, whether it is there: the first line of its answer to an RTSP
 * DESCRIBE or an HTTP GET (`RTSP/1.0 404 Not Found`), `silent` where something takes the connection and says nothing,
 * `closed` where nothing does. Of a file or a device: `open`, or `closed` where it does not exist.
 *
 * What it says matters little; that it says something else than before means that the camera is back.
 */
export async function cameraAnswer(address: CameraAddress): Promise<string> {
  const { host, kind, location } = address;
  if (host === null) return localAnswer(location);
  const to = { host: host.name, port: host.port };
  const isSecure = kind === 'rtsps' || kind === 'https';
  return new Promise((resolve) => {
    const socket = isSecure
      ? // Nothing is said here that must be kept from anybody, and cameras sign their certificates themselves.
        connectSecurely({ ...to, rejectUnauthorized: false, servername: isIP(to.host) ? '' : to.host })
      : connect(to);
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
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      connected = true;
      socket.write(questionTo(address));
    });
    socket.once('data', (data: Buffer) => {
      finish(data.toString('latin1').split('\r\n')[0] ?? '');
    });
  });
}

/** What {@link cameraAnswer} says of a file or a device. */
export function localAnswer(location: string): string {
  return existsSync(location) ? 'open' : 'closed';
}

/**
 * Asks for the stream by what it is called, as ffmpeg does. A name and a password that are a part of that stay: with
 * others in their place the camera would count attempts to get in. It is not asked for its HEAD, which many refuse
 * whatever becomes of the stream: the answer's first line ends the connection.
 */
function questionTo({ location, kind }: CameraAddress): string {
  const url = new URL(location);
  url.username = '';
  url.password = '';
  return kind === 'http' || kind === 'https'
    ? `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`
    : `DESCRIBE ${url.href} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`;
}

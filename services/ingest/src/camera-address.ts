import { resolve } from 'node:path';
import { DeadpanError } from '@deadpan/shared';
import { createRedactor, withoutCredentials, type Redact } from './redact.js';

/** Where a camera is, and how to speak of it. */
export interface CameraAddress {
  readonly kind: 'rtsp' | 'rtsps' | 'http' | 'https' | 'file' | 'device';
  /** As ffmpeg needs it, with name and password. Never shown to anybody. */
  readonly location: string;
  /** Without name and password, in whatever part of it they stand: for people's eyes, and not to be connected to. */
  readonly shown: string;
  /** Host and port, for what is on a network. */
  readonly host: { readonly name: string; readonly port: number } | null;
  /** Takes this camera's name and password, and whatever else its address hides, out of any text. */
  readonly redact: Redact;
}

const PORTS = { rtsp: 554, rtsps: 322, http: 80, https: 443 } as const;

/**
 * Reads a camera's address: `rtsp://`, `rtsps://`, `http://`, `https://` (MJPEG), `/dev/videoN`, or a file, which is
 * played again and again as if it were a camera.
 *
 * @throws DeadpanError E_USAGE for an address of any other kind; the message holds no credentials.
 */
export function cameraAddress(text: string): CameraAddress {
  if (/^\/dev\/video\d+$/.test(text)) return local('device', text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return local('file', resolve(text));
  if (scheme !== 'rtsp' && scheme !== 'rtsps' && scheme !== 'http' && scheme !== 'https') {
    throw new DeadpanError('E_USAGE', `A camera cannot be read by "${scheme}".`, {
      advice: 'Use rtsp, rtsps, http, https, a file, or /dev/videoN.',
    });
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The URL itself could hold a password, and so could the cause.
    throw new DeadpanError('E_USAGE', `The address of a camera that begins with ${scheme}:// is not valid.`, {
      advice: 'In a name or a password write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25.',
    });
  }
  if (url.hostname === '')
    throw new DeadpanError('E_USAGE', `An address that begins with ${scheme}:// names no host.`);
  const secrets = [url.username, url.password].filter((secret) => secret !== '');
  const hide = createRedactor(secrets.length === 2 ? [secrets.join(':'), url.password] : secrets);
  const shown = withoutCredentials(url);
  // ffmpeg repeats the address as it is, whole or in part, and its words do not say where it ends.
  const parts = (['pathname', 'search', 'hash'] as const).filter((part) => url[part] !== shown[part]);
  const redact: Redact = (said) =>
    hide(parts.reduce((rest, part) => rest.replaceAll(url[part], shown[part]), said));
  return {
    kind: scheme,
    location: url.href,
    shown: hide(shown.href),
    host: {
      name: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? PORTS[scheme] : Number(url.port),
    },
    redact,
  };
}

function local(kind: 'file' | 'device', path: string): CameraAddress {
  return { kind, location: path, shown: path, host: null, redact: createRedactor([]) };
}

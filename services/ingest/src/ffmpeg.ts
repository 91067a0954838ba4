import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DeadpanError } from '@deadpan/shared';

const run = promisify(execFile);
const INSTALL_ADVICE =
  'Install ffmpeg 4 or later (for instance "apt install ffmpeg"), or name its binary in FFMPEG_PATH.';

/** An ffmpeg that was found, ran, and can do what Deadpan asks of it. */
export interface Ffmpeg {
  /** Absolute path of the binary. */
  readonly path: string;
  /** Where it was found. */
  readonly source: 'FFMPEG_PATH' | 'PATH' | '@ffmpeg-installer/ffmpeg';
  /** As ffmpeg says it, for instance `5.1.9-0+deb12u1` or `N-47683-g0e8eb07980-static`. */
  readonly version: string;
  /** The output option that passes times through: `-fps_mode` since 5.1, `-vsync` before. */
  readonly frameTimingOption: '-fps_mode' | '-vsync';
  /** The socket timeout of RTSP in microseconds: `-stimeout` up to 4.x, where `-timeout` means something else. */
  readonly rtspTimeoutOption: '-timeout' | '-stimeout';
  /**
   * Whether it lets a picture's size change in the middle (`-autoscale`, since 4.4); older ones stretch what follows to
   * the first size.
   */
  readonly followsSize: boolean;
  /** Whether a concat script may hold options for its entries (since 5.0), which keeps addresses out of the arguments. */
  readonly concatOptions: boolean;
  /** `setpriv` of util-linux, which ties the child's life to ours; null where it is not installed. */
  readonly setpriv: string | null;
}

/**
 * Finds ffmpeg: `FFMPEG_PATH`, then the PATH, then the binary that `@ffmpeg-installer/ffmpeg` brings, and asks the
 * first one found for its version and options. What it can do is read from its own help and not from its version,
 * because builds from git have no version number.
 *
 * @throws DeadpanError `E_DECODER_MISSING` when there is none, it does not run, or it is too old.
 */
export async function findFfmpeg(env: NodeJS.ProcessEnv = process.env): Promise<Ffmpeg> {
  const found = locate(env);
  if (found === null) {
    throw new DeadpanError('E_DECODER_MISSING', 'ffmpeg was not found.', { advice: INSTALL_ADVICE });
  }
  let banner: string;
  let help: string;
  try {
    const limits = { timeout: 20_000, maxBuffer: 1 << 25 };
    [banner, help] = await Promise.all([
      run(found.path, ['-version'], limits).then((result) => result.stdout),
      run(found.path, ['-hide_banner', '-h', 'full'], limits).then((result) => result.stdout),
    ]);
  } catch (cause) {
    throw new DeadpanError(
      'E_DECODER_MISSING',
      `ffmpeg (${found.path}, from ${found.source}) does not run.`,
      {
        cause,
        advice: INSTALL_ADVICE,
      },
    );
  }
  const version = /^ffmpeg version (\S+)/.exec(banner)?.[1];
  if (version === undefined) {
    throw new DeadpanError('E_DECODER_MISSING', `${found.path} (from ${found.source}) is not ffmpeg.`, {
      advice: INSTALL_ADVICE,
    });
  }
  const has = (option: string): boolean => new RegExp(`^ *-${option}\\b`, 'm').test(help);
  const missing = ['enc_time_base', 'format_whitelist', 'max_pixels'].filter((option) => !has(option));
  if (missing.length > 0) {
    throw new DeadpanError(
      'E_DECODER_MISSING',
      `ffmpeg ${version} (${found.path}) is too old: it has no -${missing.join(', no -')}.`,
      { advice: INSTALL_ADVICE },
    );
  }
  return {
    path: found.path,
    source: found.source,
    version,
    frameTimingOption: has('fps_mode') ? '-fps_mode' : '-vsync',
    rtspTimeoutOption: has('stimeout') ? '-stimeout' : '-timeout',
    followsSize: has('autoscale'),
    // It has no option of its own to be known by; -fps_mode came with the next version.
    concatOptions: has('fps_mode'),
    setpriv: onPath('setpriv', env),
  };
}

function locate(env: NodeJS.ProcessEnv): Pick<Ffmpeg, 'path' | 'source'> | null {
  const named = env['FFMPEG_PATH'];
  if (named !== undefined && named !== '') {
    const path = named.includes('/') || isAbsolute(named) ? resolve(named) : onPath(named, env);
    if (path === null || !isExecutable(path)) {
      throw new DeadpanError('E_DECODER_MISSING', `FFMPEG_PATH names ${named}, which is not a program.`, {
        advice: 'Correct FFMPEG_PATH, or unset it to use the ffmpeg of the PATH.',
      });
    }
    return { path, source: 'FFMPEG_PATH' };
  }
  const path = onPath('ffmpeg', env);
  if (path !== null) return { path, source: 'PATH' };
  const bundled = bundledFfmpeg();
  return bundled === null ? null : { path: bundled, source: '@ffmpeg-installer/ffmpeg' };
}

/** The path of the binary that `@ffmpeg-installer/ffmpeg` brings; null where it has none for this platform. */
export function bundledFfmpeg(): string | null {
  try {
    const installer: unknown = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg');
    if (typeof installer !== 'object' || installer === null || !('path' in installer)) return null;
    return typeof installer.path === 'string' && isExecutable(installer.path) ? installer.path : null;
  } catch {
    // The package throws a string on platforms it has no binary for.
    return null;
  }
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | null {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && isExecutable(join(folder, file))) return resolve(folder, file);
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import { findFfmpeg } from '@deadpan/ingest';
import { createInferencePool } from '@deadpan/nets';
import { sentenceOf } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';
import { InvalidArgumentError, type Command } from 'commander';

import type { CameraSpec } from '../live/camera-config.js';
import { camerasFromArguments, refuseSameNames, startLive } from '../live/live-run.js';
import { hideCredentialsInTitle } from '../live/process-title.js';
import { CONFIG_OPTION, effectiveConfig } from './config.js';
import { listenOption } from './listen-option.js';

interface LiveFlags {
  readonly listen?: string;
  readonly fps?: number;
  readonly pixels?: string;
  readonly config?: string;
  readonly device?: string;
  readonly quiet?: boolean;
}

/** Analysed frames a second of a camera that says nothing of it. */
const FPS = 5;

/** Adds `live`: cameras to the feed and the dashboard, in one process. */
export function addLiveCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('live')
    .description('Analyses cameras as they film: a WebSocket feed, an HTTP surface and a dashboard.')
    .argument(
      '[source...]',
      'cameras: rtsp://, rtsps://, http(s):// with MJPEG, a file, /dev/videoN; NAME=SOURCE names one',
    )
    .option('--listen <host:port>', 'address of the feed (default: 127.0.0.1:8080)', listenOption)
    .option('--fps <n>', `analysed frames a second of each source (default: ${FPS})`, positive)
    .option('--pixels <kind>', 'pictures that the feed may show: off, faces or frames (default: off)')
    .option(...CONFIG_OPTION)
    .option('--device <device>', 'what runs the networks: auto, cpu, webgpu, cuda or tfjs')
    .option('--quiet', 'log only warnings and errors')
    .addHelpText(
      'after',
      '\nSIGHUP reads the cameras of the configuration file again; SIGINT and SIGTERM drain and end.',
    )
    .action(async (sources: string[], flags: LiveFlags) => {
      const given = camerasFromArguments(sources, flags.fps ?? FPS);
      hideCredentialsInTitle(sources, given);
      const hangup = { early: false };
      let reload = (): void => {
        hangup.early = true;
      };
      // From the very beginning to the very end: a SIGHUP that nobody hears ends the process.
      const onHangup = (): void => {
        reload();
      };
      process.on('SIGHUP', onHangup);
      const read = () =>
        effectiveConfig(flags.config, {
          'feed.listen': flags.listen,
          'feed.pixels': flags.pixels,
          'inference.device': flags.device,
        });
      const config = read();
      const configured = camerasOf(given, config.cameras);
      const logger = createLogger({ level: flags.quiet === true ? 'warn' : 'info', name: 'live' });
      const ffmpeg = await findFfmpeg();
      const { device, workers } = config.inference;
      const pool = createInferencePool({ device, ...(workers === 0 ? {} : { workers }) });
      try {
        const live = await startLive({ config, ffmpeg, pool, logger });
        const asked = new Promise<void>((resolve) => {
          process.once('SIGINT', resolve).once('SIGTERM', resolve);
        });
        try {
          let applying = live.cameras.apply(configured);
          await applying;
          reload = () => {
            applying = applying
              .then(() => live.cameras.apply(camerasOf(given, read().cameras)))
              .then(() => {
                logger.info('the cameras were read again');
              })
              // What runs goes on as it is.
              .catch((error: unknown) => {
                logger.error(`The cameras stay as they are: ${sentenceOf(error)}`);
              });
          };
          if (hangup.early) reload();
          logger.info({ url: live.url }, `the dashboard is at ${live.url}`);
          await Promise.race([asked, live.ended]);
          logger.info('draining');
        } finally {
          reload = () => undefined;
          await live.close();
        }
        finish(0);
      } finally {
        await pool.close();
        process.off('SIGHUP', onHangup);
      }
    });
}

/**
 * The cameras of the command line and of the configuration together.
 * @throws DeadpanError E_USAGE where two have the same name
 */
function camerasOf(given: readonly CameraSpec[], configured: readonly CameraSpec[]): CameraSpec[] {
  const cameras = [...given, ...configured];
  refuseSameNames(cameras);
  return cameras;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a number over 0.');
  }
  return value;
}

import { DeadpanError } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';
import { InvalidArgumentError, type Command } from 'commander';

import { camerasFromArguments, refuseSameNames } from '../live/live-run.js';
import { hideCredentialsInTitle } from '../live/process-title.js';
import { fusedServices, SERVICES } from '../services/service-names.js';
import { CONFIG_OPTION, effectiveConfig } from './config.js';
import { listenOption } from './listen-option.js';

interface ServiceFlags {
  readonly stages?: string;
  readonly listen?: string;
  readonly untilEnd?: boolean;
  readonly fps?: number;
  readonly frames?: string;
  readonly config?: string;
  readonly device?: string;
  readonly quiet?: boolean;
}

/** Adds `service`: one Kafka-linked service, or neighbours fused in one process. */
export function addServiceCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('service')
    .description(`Runs a service between Kafka topics: ${SERVICES.join(', ')}.`)
    .argument('[name]', `${SERVICES.join(', ')}; may be left out where --stages says it`)
    .argument(
      '[source...]',
      'for ingest: cameras to put on the list, with --until-end files to read; NAME=SOURCE names one',
    )
    .option('--stages <names>', 'neighbours to run in this process over memory links, e.g. ingest,align')
    .option(
      '--listen <host:port>',
      'address of /healthz, /readyz and /metrics (default: none), for feed of all it serves (default: 127.0.0.1:8080)',
      listenOption,
    )
    .option(
      '--until-end',
      'read files once, mark the end, and end there; needs topics without an earlier run (kafka.topicPrefix)',
    )
    .option(
      '--fps <n>',
      'for ingest: analysed frames a second of each source (default: ingest.fps)',
      positive,
    )
    .option('--frames <kind>', 'for ingest: how frames cross Kafka, jpeg or raw (default: jpeg)')
    .option(...CONFIG_OPTION)
    .option('--device <device>', 'what runs the networks: auto, cpu, webgpu, cuda or tfjs')
    .option('--quiet', 'log only warnings and errors')
    .addHelpText(
      'after',
      '\nThe topics come from `deadpan topics apply`. SIGTERM and SIGINT finish and commit what is under way, and end: with 0, or, before the end that --until-end waits for, with 130.',
    )
    .action(async (name: string | undefined, sources: string[], flags: ServiceFlags) => {
      const names = fusedServices(name, flags.stages);
      const bounded = flags.untilEnd ?? false;
      const serves = names.includes('feed');
      if (bounded && serves) {
        throw new DeadpanError('E_USAGE', 'A feed serves until it is stopped: --until-end is not for it.');
      }
      const config = effectiveConfig(flags.config, {
        'inference.device': flags.device,
        'service.frames': flags.frames,
        'feed.listen': serves ? flags.listen : undefined,
      });
      const given = camerasFromArguments(sources, flags.fps ?? config.ingest.fps);
      hideCredentialsInTitle(sources, given);
      const cameras = [...given, ...config.cameras];
      if (given.length > 0 && !names.includes('ingest')) {
        throw new DeadpanError('E_USAGE', `Only ingest reads cameras, and this is ${names.join(',')}.`);
      }
      if (bounded && names.includes('ingest') && cameras.length === 0) {
        throw new DeadpanError('E_USAGE', 'Name the files to read.');
      }
      refuseSameNames(cameras);
      const logger = createLogger({ level: flags.quiet === true ? 'warn' : 'info', name: names.join('+') });
      const stopping = new AbortController();
      const stop = (): void => {
        logger.info('draining');
        stopping.abort();
      };
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        // Loaded here, so that other commands do not wait for Kafka's client.
        const { runService } = await import('../services/run-service.js');
        const { listen } = flags;
        const { signal } = stopping;
        const failed = await runService({ config, names, cameras, bounded, listen, logger, signal });
        // Who waits for the end must not take this for it. Without an end, to be stopped is how a service ends.
        if (bounded && signal.aborted) {
          throw new DeadpanError('E_INTERRUPTED', 'Interrupted before the end of what was to be read.', {
            advice: 'Run the same command again.',
          });
        }
        finish(failed === 0 ? 0 : 1);
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a number over 0.');
  }
  return value;
}

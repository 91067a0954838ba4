import { DeadpanError } from '@deadpan/shared';

/** The services in the order of the line. */
export const SERVICES = ['ingest', 'align', 'normalize', 'classify', 'feed'] as const;

/** One of the services. */
export type ServiceName = (typeof SERVICES)[number];

/**
 * The services that one process runs: the named one, or the neighbours that `stages` fuses, as in `ingest,align`.
 * @throws DeadpanError E_USAGE
 */
export function fusedServices(name: string | undefined, stages: string | undefined): readonly ServiceName[] {
  const names = stages?.split(',').map((one) => one.trim()) ?? (name === undefined ? [] : [name]);
  for (const one of names) {
    if (!isService(one)) {
      throw new DeadpanError('E_USAGE', `There is no service "${one}".`, {
        advice: `The services are ${SERVICES.join(', ')}.`,
      });
    }
  }
  if (names.length === 0) throw new DeadpanError('E_USAGE', 'Name a service, or give --stages.');
  if (name !== undefined && !names.includes(name)) {
    throw new DeadpanError('E_USAGE', `--stages (${names.join(',')}) must include the service "${name}".`);
  }
  const begin = SERVICES.findIndex((one) => one === names[0]);
  const run = SERVICES.slice(begin, begin + names.length);
  if (run.join() !== names.join()) {
    throw new DeadpanError('E_USAGE', `${names.join(',')} are not neighbours in the order of the line.`, {
      advice: `The line is ${SERVICES.join(', ')}.`,
    });
  }
  return run;
}

const isService = (name: string): name is ServiceName => (SERVICES as readonly string[]).includes(name);

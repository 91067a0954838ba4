import { DeadpanError } from '@deadpan/shared';

/**
 * Reads the value of a `--listen`. Whether it is an address is up to who listens there; a port that no machine has would
 * be a bug by then.
 * @throws DeadpanError E_USAGE
 */
export function listenOption(address: string): string {
  const [, port] = /:(\d+)$/.exec(address) ?? [];
  if (Number(port ?? 0) > 65_535) {
    throw new DeadpanError('E_USAGE', `--listen ${address}: a port is a number from 0 to 65535.`);
  }
  return address;
}

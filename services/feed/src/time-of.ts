import { DeadpanError } from '@deadpan/shared';

/**
 * A time of a query in microseconds since 1970: ISO 8601, or seconds.
 * @throws DeadpanError E_REQUEST
 */
export function timeOf(name: string, text: string | null, otherwiseUs: number): number {
  if (text === null || text === '') return otherwiseUs;
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    throw new DeadpanError(
      'E_REQUEST',
      `"${name}" must be a time like 2026-01-31T12:00:00Z, or seconds since 1970.`,
    );
  }
  return Math.round(ms * 1000);
}

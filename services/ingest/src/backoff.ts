/** How long to wait before trying again. */
export interface Backoff {
  /** Upper bound of the first wait, milliseconds; it doubles with every failure. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Exponential backoff with full jitter: anywhere between nothing and the bound, so that cameras which were lost
 * together do not come back together (Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @param failures failures in a row, from 1 on
 * @param random 0 (inclusive) to 1 (exclusive)
 */
export function backoffMs({ firstMs, longestMs }: Backoff, failures: number, random: number): number {
  return Math.round(random * Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30)));
}

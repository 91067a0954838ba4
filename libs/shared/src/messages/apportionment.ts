/** Ten thousand parts: what four decimals can tell apart. */
const PARTS = 10_000;

/**
 * Rounds shares of a whole to four decimals so that the rounded values still sum to exactly 1: each share is rounded
 * down, and the parts left over go to the largest remainders, the first of equals (Hamilton's method).
 *
 * @returns the shares in the same order; all NaN where they have no positive, finite sum to be shares of.
 */
export function apportioned(shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) return shares.map(() => NaN);
  const exact = shares.map((share) => (share / sum) * PARTS);
  const parts = exact.map(Math.floor);
  const left = PARTS - parts.reduce((total, part) => total + part, 0);
  const byRemainder = exact
    .map((value, k) => ({ k, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.k - b.k);
  for (const { k } of byRemainder.slice(0, left)) parts[k] = (parts[k] ?? 0) + 1;
  return parts.map((part) => part / PARTS);
}

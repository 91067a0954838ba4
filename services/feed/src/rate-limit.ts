/** Says whether one more may pass now. */
export type RateLimit = () => boolean;

/** A bucket that holds `burst` and fills by `perSecond`. `now` is in milliseconds. */
export function createRateLimit(
  perSecond: number,
  burst: number,
  now = (): number => performance.now(),
): RateLimit {
  let level = burst;
  let last = now();
  return () => {
    const time = now();
    level = Math.min(burst, level + ((time - last) / 1000) * perSecond);
    last = time;
    if (level < 1) return false;
    level -= 1;
    return true;
  };
}

/** One bucket per key. At most `keys` are remembered: the oldest goes, which forgives it. */
export function createRateLimits(perSecond: number, burst: number, keys = 10_000): (key: string) => boolean {
  const buckets = new Map<string, RateLimit>();
  return (key) => {
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = createRateLimit(perSecond, burst);
      buckets.set(key, bucket);
      const oldest = buckets.size > keys ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
    }
    return bucket();
  };
}

/** Counts how often something happens a second, over the last seconds. */
export interface Rate {
  count(): void;
  /** Events a second over the window. */
  perSecond(): number;
}

/** Makes a rate over `windowMs`; `now` is a monotonic clock in milliseconds. */
export function createRate(windowMs: number, now: () => number): Rate {
  const times: number[] = [];
  const started = now();
  const forget = (): void => {
    const oldest = now() - windowMs;
    let past = 0;
    while ((times[past] ?? Infinity) < oldest) past += 1;
    times.splice(0, past);
  };
  return {
    count() {
      forget();
      times.push(now());
    },
    perSecond() {
      forget();
      const seconds = Math.min(windowMs, Math.max(now() - started, 1000)) / 1000;
      return times.length / seconds;
    },
  };
}

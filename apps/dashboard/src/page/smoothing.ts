/**
 * Exponential smoothing over uneven steps: each value moves towards the next by 1 - exp(-dt / tau). Only what is shown
 * is smoothed; it starts anew after a gap, so that nothing is drawn across it.
 * @param times seconds, ascending
 * @param values the same length; null where there is none
 * @param tau time constant in seconds; 0 leaves all as it is
 */
export function smooth(
  times: readonly number[],
  values: readonly (number | null)[],
  tau: number,
): (number | null)[] {
  if (tau <= 0) return [...values];
  let level: number | null = null;
  let before = 0;
  return values.map((value, i) => {
    const time = times[i] ?? 0;
    if (value === null) level = null;
    else if (level === null) level = value;
    else level += (value - level) * (1 - Math.exp(-(time - before) / tau));
    before = time;
    return level;
  });
}

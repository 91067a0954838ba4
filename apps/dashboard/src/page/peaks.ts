/**
 * Indices of the peaks of a series: higher than both neighbours, at least `height`, and at least `apart` seconds from a
 * higher one. Values null where there is none.
 */
export function findPeaks(
  times: readonly number[],
  values: readonly (number | null)[],
  height: number,
  apart: number,
): number[] {
  const tops = values
    .map((value, i) => ({ value: value ?? -1, i, time: times[i] ?? 0 }))
    .filter(
      ({ value, i }) => value >= height && value > (values[i - 1] ?? -1) && value >= (values[i + 1] ?? -1),
    )
    .sort((a, b) => b.value - a.value);
  const kept: { i: number; time: number }[] = [];
  for (const top of tops) {
    if (kept.every(({ time }) => Math.abs(time - top.time) >= apart)) kept.push(top);
  }
  return kept.map(({ i }) => i).sort((a, b) => a - b);
}

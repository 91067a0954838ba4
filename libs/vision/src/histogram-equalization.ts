const LEVELS = 256;

/**
 * Spreads the gray levels so that each is as frequent as any other, as far as it goes; a picture of one level stays
 * as it is. The same numbers as OpenCV's equalizeHist.
 */
export function equalizeHistogram(gray: Uint8Array): Uint8Array {
  const cumulative = new Uint32Array(LEVELS);
  for (const level of gray) cumulative[level] = (cumulative[level] ?? 0) + 1;
  const lowest = cumulative.findIndex((count) => count > 0);
  const first = cumulative[lowest] ?? 0;
  if (gray.length === first) return gray.slice();
  for (let level = 1; level < LEVELS; level += 1) {
    cumulative[level] = (cumulative[level] ?? 0) + (cumulative[level - 1] ?? 0);
  }
  const scale = (LEVELS - 1) / (gray.length - first);
  const table = Uint8Array.from(cumulative, (count) => Math.round(Math.max(0, count - first) * scale));
  return gray.map((level) => table[level] ?? 0);
}

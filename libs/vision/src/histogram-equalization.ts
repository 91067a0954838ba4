/**
 * Histogram equalisation with 256 bins: grey levels are replaced by their rank, so that every picture uses the whole
 * range whatever its light was. A picture of one level comes back unchanged.
 * @param pixels grey levels, 0..255; fractions are rounded to the nearest bin
 * @returns new levels, 0..255
 */
export function equalizeHistogram(pixels: ArrayLike<number>): Float32Array {
  const bins = new Uint8Array(pixels.length);
  const counts = new Uint32Array(256);
  for (let i = 0; i < pixels.length; i++) {
    const bin = Math.min(255, Math.max(0, Math.round(pixels[i] ?? 0)));
    bins[i] = bin;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const levels = new Float32Array(256);
  let below = 0;
  let lowest = -1;
  for (let bin = 0; bin < 256; bin++) {
    const count = counts[bin] ?? 0;
    below += count;
    if (lowest < 0 && count > 0) lowest = count;
    levels[bin] = (255 * (below - lowest)) / (pixels.length - lowest);
  }
  if (lowest === pixels.length) return Float32Array.from(pixels);
  return Float32Array.from(bins, (bin) => levels[bin] ?? 0);
}

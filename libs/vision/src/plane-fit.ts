/**
 * Takes the best-fitting linear ramp out of a picture: light from one side is gone, the mean stays.
 * The slopes are a = sum(x I) / sum(x^2) and b = sum(y I) / sum(y^2) on coordinates centred on the picture.
 * @param pixels `width * height` values, row by row
 * @returns I - a x - b y
 */
export function subtractPlane(pixels: ArrayLike<number>, width: number, height: number): Float32Array {
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  let sumX = 0;
  let sumY = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = pixels[y * width + x] ?? 0;
      sumX += (x - centreX) * value;
      sumY += (y - centreY) * value;
    }
  }
  // sum over the picture of (x - centre)^2 for `count` equally spaced columns repeated `times` times.
  const spread = (count: number, times: number): number => (times * count * (count * count - 1)) / 12;
  const a = sumX / (spread(width, height) || 1);
  const b = sumY / (spread(height, width) || 1);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      out[i] = (pixels[i] ?? 0) - a * (x - centreX) - b * (y - centreY);
    }
  }
  return out;
}

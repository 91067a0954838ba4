/**
 * How sharp a gray picture is: the variance of its Laplacian, in squared gray levels. Low for blurred pictures.
 * Source: Pech-Pacheco et al., ICPR 2000.
 */
export function laplacianVariance(gray: Uint8Array, width: number, height: number): number {
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const i = y * width + x;
      const neighbours =
        (gray[i - 1] ?? 0) + (gray[i + 1] ?? 0) + (gray[i - width] ?? 0) + (gray[i + width] ?? 0);
      const value = neighbours - 4 * (gray[i] ?? 0);
      sum += value;
      squares += value * value;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}

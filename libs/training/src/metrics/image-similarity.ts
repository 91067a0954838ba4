/** Mean absolute difference of two pictures. */
export function meanDifference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return sum / a.length;
}

/** Peak signal to noise ratio of two pictures of grey levels 0..1, in dB; Infinity where they are equal. */
export function peakSignalToNoise(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return -10 * Math.log10(sum / a.length);
}

const WINDOW = 8;
const STRIDE = 4;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Structural similarity (Wang et al. 2004) with uniform 8x8 windows every 4 pixels.
 * @param a grey levels 0..1, `side` squared
 */
export function structuralSimilarity(a: Float32Array, b: Float32Array, side: number): number {
  let total = 0;
  let windows = 0;
  for (let top = 0; top + WINDOW <= side; top += STRIDE) {
    for (let left = 0; left + WINDOW <= side; left += STRIDE) {
      total += windowSimilarity(a, b, side, left, top);
      windows++;
    }
  }
  return total / windows;
}

function windowSimilarity(a: Float32Array, b: Float32Array, side: number, left: number, top: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let y = top; y < top + WINDOW; y++) {
    for (let x = left; x < left + WINDOW; x++) {
      const p = a[y * side + x] ?? 0;
      const q = b[y * side + x] ?? 0;
      sumA += p;
      sumB += q;
      squaresA += p * p;
      squaresB += q * q;
      products += p * q;
    }
  }
  const n = WINDOW * WINDOW;
  const [meanA, meanB] = [sumA / n, sumB / n];
  const varianceA = squaresA / n - meanA * meanA;
  const varianceB = squaresB / n - meanB * meanB;
  const covariance = products / n - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
    ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2))
  );
}

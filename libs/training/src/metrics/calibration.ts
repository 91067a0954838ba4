import { argmax } from './classification.js';

/** Softmax of logits at a temperature. */
export function softmaxAt(logits: ArrayLike<number>, temperature: number): number[] {
  const scaled = Array.from(logits, (value) => value / temperature);
  const greatest = Math.max(...scaled);
  const powers = scaled.map((value) => Math.exp(value - greatest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/**
 * Expected calibration error (Guo et al. 2017): mean gap between confidence and accuracy over equal-width bins of the
 * greatest probability, weighted by their counts.
 */
export function calibrationError(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
  bins = 15,
): number {
  const count = new Float64Array(bins);
  const confidence = new Float64Array(bins);
  const hits = new Float64Array(bins);
  probabilities.forEach((row, i) => {
    const predicted = argmax(row);
    const p = row[predicted] ?? 0;
    const bin = Math.min(bins - 1, Math.floor(p * bins));
    count[bin] = (count[bin] ?? 0) + 1;
    confidence[bin] = (confidence[bin] ?? 0) + p;
    hits[bin] = (hits[bin] ?? 0) + (predicted === truth[i] ? 1 : 0);
  });
  let error = 0;
  for (let bin = 0; bin < bins; bin++) error += Math.abs((confidence[bin] ?? 0) - (hits[bin] ?? 0));
  return error / Math.max(1, probabilities.length);
}

/**
 * The temperature under which the logits' negative log likelihood is least (Guo et al. 2017), by golden section over
 * its logarithm between 1/4 and 4.
 */
export function fitTemperature(logits: readonly ArrayLike<number>[], truth: readonly number[]): number {
  const loss = (logTemperature: number): number =>
    logits.reduce(
      (sum, row, i) => sum - Math.log(softmaxAt(row, Math.exp(logTemperature))[truth[i] ?? 0] ?? 0),
      0,
    );
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = -Math.log(4);
  let high = Math.log(4);
  while (high - low > 1e-3) {
    const a = high - ratio * (high - low);
    const b = low + ratio * (high - low);
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

const EPSILON = 1e-6;

/** Shifts and scales values to zero mean and unit variance, in place; values that are all equal become 0. */
export function standardize(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / values.length + EPSILON);
  for (let i = 0; i < values.length; i += 1) values[i] = ((values[i] ?? 0) - mean) * scale;
}

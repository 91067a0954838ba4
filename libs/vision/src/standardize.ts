/**
 * Zero mean and unit variance.
 * @param epsilon added to the deviation, so that a flat picture gives zeros
 */
export function standardize(values: ArrayLike<number>, epsilon = 1e-6): Float32Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] ?? 0) - mean) ** 2;
  const scale = 1 / (Math.sqrt(squares / values.length) + epsilon);
  return Float32Array.from(values, (value) => (value - mean) * scale);
}

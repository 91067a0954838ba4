/**
 * Memory for the input of a network, the same for every run as long as it is large enough: a new array for each run would
 * be cleared first and collected later. It holds what the run before left; write every value.
 */
export function createReusedFloats(): (length: number) => Float32Array<ArrayBuffer> {
  let floats = new Float32Array(0);
  return (length) => {
    if (floats.length < length) floats = new Float32Array(length);
    return floats.subarray(0, length);
  };
}

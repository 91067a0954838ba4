import { copyGraph, type Graph } from '../onnx/index.js';

/** Operators whose second input is their weights. */
const WEIGHTED = new Set(['Conv', 'ConvTranspose', 'Gemm']);
/** Code of float32 in ONNX, for Cast. */
const FLOAT = 1;

/**
 * Stores the weights of convolutions and dense layers in 16-bit floats: half the size, three decimal digits. A Cast makes
 * 32-bit floats of them, which onnxruntime does once, when it loads the model. Weights that are integers stay.
 */
export function storeHalf(source: Graph): Graph {
  const graph = copyGraph(source);
  const nodes = graph.nodes.splice(0);
  const weights = nodes.flatMap(({ operator, inputs }) => (WEIGHTED.has(operator) ? inputs.slice(1, 2) : []));
  for (const name of new Set(weights)) {
    const { shape, data } = graph.constants.get(name) ?? {};
    if (shape === undefined || !(data instanceof Float32Array)) continue;
    graph.constants.delete(name);
    graph.constants.set(`${name}.half`, { shape, data: toHalf(data) });
    graph.nodes.push({
      operator: 'Cast',
      inputs: [`${name}.half`],
      output: name,
      attributes: { to: { int: FLOAT } },
    });
  }
  graph.nodes.push(...nodes);
  return graph;
}

/** The bits of the nearest 16-bit floats (IEEE 754 binary16, ties to even); what is too large becomes infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (single) => {
    const sign = (single >>> 16) & 0x8000;
    const exponent = ((single >>> 23) & 255) - 112;
    const mantissa = single & 0x7fffff;
    if (exponent >= 31) return sign | (exponent === 143 && mantissa > 0 ? 0x7e00 : 0x7c00);
    if (exponent < -10) return sign;
    // Below the least normal number the leading one is written out and moved down.
    const shift = exponent > 0 ? 13 : 14 - exponent;
    const whole = exponent > 0 ? (exponent << 23) | mantissa : mantissa | 0x800000;
    const kept = whole >>> shift;
    const rest = whole & ((1 << shift) - 1);
    const tie = 1 << (shift - 1);
    return sign | (kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0));
  });
}

/** 32-bit floats from the bits of 16-bit ones. */
export function fromHalf(values: Uint16Array): Float32Array {
  return Float32Array.from(values, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 1023;
    if (exponent === 31) return mantissa > 0 ? NaN : sign * Infinity;
    return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
  });
}

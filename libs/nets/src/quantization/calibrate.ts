import { copyGraph, encodeModel, type Graph, type Value } from '../onnx/index.js';
import type { Engine, Tensors } from '../sessions/index.js';

/** The least and the greatest number that a value of a graph takes, by the value's name. */
export type Ranges = Readonly<Record<Value, readonly [least: number, greatest: number]>>;

/**
 * Watches every value of a network over some batches of its inputs. Ranges are not cut at the ends: to leave out one
 * number in 10,000 already costs more than the finer steps bring, with the expression network and the generator alike.
 */
export async function calibrate(engine: Engine, source: Graph, batches: Iterable<Tensors>): Promise<Ranges> {
  const graph = copyGraph(source);
  const named = new Set(graph.outputs.map(({ name }) => name));
  for (const { output: name } of graph.nodes) {
    if (!named.has(name)) graph.outputs.push({ name, shape: null, type: 'float32' });
  }
  const session = await engine.open(encodeModel(graph));
  const ranges = new Map<Value, [number, number]>();
  for (const inputs of batches) {
    const outputs = await session.run(inputs);
    for (const [name, { data }] of Object.entries({ ...inputs, ...outputs })) {
      if (!(data instanceof Float32Array)) continue;
      let [least, greatest] = ranges.get(name) ?? [Infinity, -Infinity];
      for (const value of data) {
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
      ranges.set(name, [least, greatest]);
    }
  }
  await session.release();
  return Object.fromEntries(ranges);
}

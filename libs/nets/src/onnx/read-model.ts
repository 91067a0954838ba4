import {
  createGraph,
  ELEMENT_CODES,
  OPSET,
  type Attribute,
  type Constant,
  type ConstantData,
  type ElementType,
  type Graph,
  type GraphNode,
  type ValueInfo,
} from './graph.js';
import { readFields, type Field } from './protobuf.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads an .onnx file that `encodeModel` wrote back into a graph; encoded again it gives the same bytes.
 * @param bytes not in shared memory
 * @throws RangeError where it is not such a file
 */
export function readModel(bytes: Uint8Array): Graph {
  const model = [...readFields(bytes)];
  const producer = textOf(model, 2);
  const opset = Number(valueOf([...readFields(bytesOf(model, 8))], 2) ?? 0);
  if (producer !== 'deadpan' || opset !== OPSET) {
    throw new RangeError(`not a model of Deadpan for operator set ${OPSET}`);
  }
  const fields = [...readFields(bytesOf(model, 7))];
  const graph = createGraph(textOf(fields, 2));
  graph.nodes.push(...messagesOf(fields, 1).map(readNode));
  for (const message of messagesOf(fields, 5)) graph.constants.set(textOf(message, 8), readConstant(message));
  graph.inputs.push(...messagesOf(fields, 11).map(readValue));
  graph.outputs.push(...messagesOf(fields, 12).map(readValue));
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.map(({ output }) => output),
    ...graph.constants.keys(),
  ];
  for (const name of names) graph.names.add(name);
  return graph;
}

function readNode(fields: readonly Field[]): GraphNode {
  return {
    operator: textOf(fields, 4),
    inputs: all(fields, 1).map(toText),
    output: textOf(fields, 2),
    attributes: Object.fromEntries(
      messagesOf(fields, 5).map((message) => [textOf(message, 1), readAttribute(message)]),
    ),
  };
}

function readAttribute(fields: readonly Field[]): Attribute {
  const type = Number(valueOf(fields, 20) ?? 0);
  if (type === 1) return { float: Number(valueOf(fields, 2)) };
  if (type === 2) return { int: Number(valueOf(fields, 3)) };
  if (type === 3) return { text: textOf(fields, 4) };
  if (type === 6) return { floats: all(fields, 7).map(Number) };
  if (type === 7) return { ints: all(fields, 8).map(Number) };
  throw new RangeError(`an attribute of the unknown type ${type}`);
}

function readConstant(fields: readonly Field[]): Constant {
  const type = elementTypeOf(Number(valueOf(fields, 2) ?? 0));
  const shape = all(fields, 1).map(Number);
  // A copy, since a typed array of wider elements must start at a multiple of their size.
  const data = new ARRAYS[type](Uint8Array.from(bytesOf(fields, 9)).buffer);
  if (shape.reduce((product, side) => product * side, 1) !== data.length) {
    throw new RangeError(`${data.length} values do not fill [${shape.join(', ')}]`);
  }
  return { shape, data };
}

function readValue(fields: readonly Field[]): ValueInfo {
  const tensor = [...readFields(bytesOf([...readFields(bytesOf(fields, 2))], 1))];
  const dimensions = valueOf(tensor, 2);
  const shape =
    dimensions === undefined
      ? null
      : messagesOf([...readFields(toBytes(dimensions))], 1).map((dimension) => {
          const side = valueOf(dimension, 1);
          return side === undefined ? textOf(dimension, 2) : Number(side);
        });
  return { name: textOf(fields, 1), shape, type: elementTypeOf(Number(valueOf(tensor, 1) ?? 0)) };
}

const ARRAYS: Readonly<Record<ElementType, new (buffer: ArrayBuffer) => ConstantData>> = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
};

function elementTypeOf(code: number): ElementType {
  const found = Object.entries(ELEMENT_CODES).find(([, known]) => known === code);
  if (found === undefined) throw new RangeError(`a tensor of the unknown type ${code}`);
  return found[0] as ElementType;
}

const all = (fields: readonly Field[], number: number): Field['value'][] =>
  fields.filter((field) => field.number === number).map(({ value }) => value);

const valueOf = (fields: readonly Field[], number: number): Field['value'] | undefined =>
  all(fields, number)[0];

const messagesOf = (fields: readonly Field[], number: number): Field[][] =>
  all(fields, number).map((value) => [...readFields(toBytes(value))]);

const textOf = (fields: readonly Field[], number: number): string => toText(bytesOf(fields, number));

// What a message leaves out is empty, as protobuf has it: a scalar's dimensions, an empty name.
const bytesOf = (fields: readonly Field[], number: number): Uint8Array =>
  toBytes(valueOf(fields, number) ?? new Uint8Array(0));

function toBytes(value: Field['value']): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('a number where text or a message should be');
}

const toText = (value: Field['value']): string => decoder.decode(toBytes(value));

import {
  bytesField,
  encodeMessage,
  floatField,
  intField,
  messageField,
  textField,
  type Message,
} from './protobuf.js';

/** The ONNX operator set that the graphs are written for; runtimes since mid 2022 know it. */
export const OPSET = 17;
const IR_VERSION = 8;

/** A tensor's element types, as far as our graphs use them. */
export type ElementType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64' | 'float16';

/** Codes of TensorProto.DataType. */
export const ELEMENT_CODES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
};

/** The data of a constant tensor; BigInt64Array gives int64, and so on. Uint16Array holds the bits of float16. */
export type ConstantData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array | Uint16Array;

/** An attribute of a node. Wrapped, because JavaScript cannot tell 1 (int) from 1.0 (float). */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

/** A value in a graph: the output of a node, an input or a constant, by its name. */
export type Value = string;

/** One operation of a graph. An input that the operator leaves out is ''. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant tensor. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** An input or an output. A dimension that varies is a name, such as 'N'; null leaves the shape to the runtime. */
export interface ValueInfo {
  readonly name: Value;
  readonly shape: readonly (number | string)[] | null;
  readonly type: ElementType;
}

/** A graph, nodes in the order of their work. {@link node} and the functions in operators.ts add to it. */
export interface Graph {
  readonly name: string;
  readonly nodes: GraphNode[];
  readonly constants: Map<Value, Constant>;
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  /** Names in use, so that a second node of a name gets another. */
  readonly names: Set<Value>;
}

/** An empty graph. */
export function createGraph(name: string): Graph {
  return { name, nodes: [], constants: new Map(), inputs: [], outputs: [], names: new Set() };
}

/** A graph of the same parts, to be changed. */
export function copyGraph(graph: Graph): Graph {
  return {
    name: graph.name,
    nodes: [...graph.nodes],
    constants: new Map(graph.constants),
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    names: new Set(graph.names),
  };
}

/** Declares an input. A dimension that varies is a name, such as 'N'. */
export function graphInput(
  graph: Graph,
  name: string,
  shape: readonly (number | string)[],
  type: ElementType = 'float32',
): Value {
  graph.inputs.push({ name: claim(graph, name), shape, type });
  return name;
}

/** Declares `value` as the output called `name`, through an Identity node: the name stays ours whatever made the value. */
export function graphOutput(
  graph: Graph,
  value: Value,
  name: string,
  shape: readonly (number | string)[],
  type: ElementType = 'float32',
): void {
  graph.nodes.push({ operator: 'Identity', inputs: [value], output: claim(graph, name), attributes: {} });
  graph.outputs.push({ name, shape, type });
}

/** Adds a constant tensor; `hint` names it for whoever looks at the graph. The length of `data` must fit `shape`. */
export function constant(
  graph: Graph,
  data: ConstantData,
  shape: readonly number[],
  hint = 'constant',
): Value {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size !== data.length)
    throw new RangeError(`${hint}: ${data.length} values do not fill [${shape.join(', ')}]`);
  const name = claim(graph, hint);
  graph.constants.set(name, { shape, data });
  return name;
}

/** Adds a node with one output and returns it. An input that an operator leaves out is ''. */
export function node(
  graph: Graph,
  operator: string,
  inputs: readonly Value[],
  attributes: Readonly<Record<string, Attribute>> = {},
  hint = operator.toLowerCase(),
): Value {
  const output = claim(graph, hint);
  graph.nodes.push({ operator, inputs, output, attributes });
  return output;
}

/** The finished model as the bytes of an .onnx file. The same calls give the same bytes. */
export function encodeModel(graph: Graph): Uint8Array {
  return encodeMessage([
    ...intField(1, IR_VERSION),
    ...textField(2, 'deadpan'),
    ...messageField(7, [
      ...graph.nodes.flatMap((each) => messageField(1, nodeMessage(each))),
      ...textField(2, graph.name),
      ...[...graph.constants].flatMap((each) => messageField(5, constantMessage(...each))),
      ...graph.inputs.flatMap((each) => messageField(11, valueMessage(each))),
      ...graph.outputs.flatMap((each) => messageField(12, valueMessage(each))),
    ]),
    ...messageField(8, [...textField(1, ''), ...intField(2, OPSET)]),
  ]);
}

function claim(graph: Graph, hint: string): Value {
  let name = hint;
  for (let n = 1; graph.names.has(name); n += 1) name = `${hint}_${n}`;
  graph.names.add(name);
  return name;
}

function elementTypeOf(data: ConstantData): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Uint16Array) return 'float16';
  return data instanceof Int32Array ? 'int32' : 'int64';
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function constantMessage(name: Value, { shape, data }: Constant): Message {
  return [
    ...shape.flatMap((side) => intField(1, side)),
    ...intField(2, ELEMENT_CODES[elementTypeOf(data)]),
    ...textField(8, name),
    ...bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/** ValueInfoProto: name 1, type 2. */
function valueMessage({ name, shape, type }: ValueInfo): Message {
  const dimensions = shape?.flatMap((side) =>
    messageField(1, typeof side === 'number' ? intField(1, side) : textField(2, side)),
  );
  const tensor = [
    ...intField(1, ELEMENT_CODES[type]),
    ...(dimensions === undefined ? [] : messageField(2, dimensions)),
  ];
  return [...textField(1, name), ...messageField(2, messageField(1, tensor))];
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
function nodeMessage({ operator, inputs, output, attributes }: GraphNode): Message {
  return [
    ...inputs.flatMap((input) => textField(1, input)),
    ...textField(2, output),
    ...textField(3, output),
    ...textField(4, operator),
    ...Object.entries(attributes).flatMap(([name, attribute]) =>
      messageField(5, attributeMessage(name, attribute)),
    ),
  ];
}

/** AttributeProto: name 1, f 2, i 3, s 4, floats 7, ints 8, type 20. */
function attributeMessage(name: string, attribute: Attribute): Message {
  const head = textField(1, name);
  if ('float' in attribute) return [...head, ...floatField(2, attribute.float), ...intField(20, 1)];
  if ('int' in attribute) return [...head, ...intField(3, attribute.int), ...intField(20, 2)];
  if ('text' in attribute) return [...head, ...textField(4, attribute.text), ...intField(20, 3)];
  if ('floats' in attribute)
    return [...head, ...attribute.floats.flatMap((value) => floatField(7, value)), ...intField(20, 6)];
  return [...head, ...attribute.ints.flatMap((value) => intField(8, value)), ...intField(20, 7)];
}

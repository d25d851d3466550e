/**
 * What an ONNX file says about itself, read from its protobuf without the runtime. Used where the runtime refuses a
 * model, to say in the user's words which tensor, opset or operator it is.
 */
import { bytesField, concat, fieldsOf, numberField, text, textOf } from './protobuf-fields.ts';

/** Field numbers of onnx.proto. */
export const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 } as const;
export const GRAPH = { node: 1, name: 2, input: 11, output: 12, valueInfo: 13 } as const;
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;
export const ATTRIBUTE = { name: 1, ints: 8, strings: 9 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR = { elementType: 1, shape: 2 } as const;
const SHAPE = { dimension: 1 } as const;
const DIMENSION = { value: 1 } as const;

const FLOAT = 1;
/** Element types of ONNX that have no place in a tensor here. */
const OTHER_TYPES: ReadonlyMap<number, string> = new Map([
  [14, 'complex64'],
  [15, 'complex128'],
  [16, 'bfloat16'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [21, 'uint4'],
  [22, 'int4'],
  [23, 'float4e2m1']
]);

export function elementTypeName(type: number): string {
  return OTHER_TYPES.get(type) ?? `element type ${type}`;
}

/** Inputs and outputs whose element type no tensor here can hold, as `output "y" (bfloat16)`. */
export function foreignTensors(model: Uint8Array): string[] {
  const found: string[] = [];
  for (const graph of fieldsOf(model)) {
    if (graph.number !== MODEL.graph) continue;
    for (const { number, bytes } of fieldsOf(graph.bytes)) {
      if (number !== GRAPH.input && number !== GRAPH.output) continue;
      const type = elementType(bytes);
      const role = number === GRAPH.input ? 'input' : 'output';
      if (OTHER_TYPES.has(type)) {
        found.push(`${role} "${textOf(bytes, VALUE_INFO.name)}" (${elementTypeName(type)})`);
      }
    }
  }
  return found;
}

/** Opsets that the model imports, as `ai.onnx 17`. */
export function opsets(model: Uint8Array): string[] {
  const found: string[] = [];
  for (const { number, bytes } of fieldsOf(model)) {
    if (number !== MODEL.opsetImport) continue;
    let domain = '';
    let version = 0;
    for (const field of fieldsOf(bytes)) {
      if (field.number === OPSET.domain) domain = text(field);
      if (field.number === OPSET.version) version = field.value;
    }
    found.push(`${domain || 'ai.onnx'} ${version}`);
  }
  return found;
}

/** Field `output` of a graph: a float tensor `[any, width]`. */
export function floatMatrix(name: string, width: number): Uint8Array {
  const free = bytesField(SHAPE.dimension, new Uint8Array());
  const fixed = bytesField(SHAPE.dimension, numberField(DIMENSION.value, width));
  const tensor = concat(
    numberField(TENSOR.elementType, FLOAT),
    bytesField(TENSOR.shape, concat(free, fixed))
  );
  const type = bytesField(TYPE.tensor, tensor);
  return concat(bytesField(VALUE_INFO.name, name), bytesField(VALUE_INFO.type, type));
}

/** Field `node` of a graph: what goes in comes out under another name. */
export function identityNode(input: string, output: string): Uint8Array {
  return concat(
    bytesField(NODE.input, input),
    bytesField(NODE.output, output),
    bytesField(NODE.opType, 'Identity')
  );
}

function elementType(valueInfo: Uint8Array): number {
  for (const type of fieldsOf(valueInfo)) {
    if (type.number !== VALUE_INFO.type) continue;
    for (const tensor of fieldsOf(type.bytes)) {
      if (tensor.number !== TYPE.tensor) continue;
      for (const field of fieldsOf(tensor.bytes)) {
        if (field.number === TENSOR.elementType) return field.value;
      }
    }
  }
  return 0;
}

/**
 * The columns that tensors travel in, as Arrow schema messages. In: the schema message of a run's inputs or of a
 * model's outputs; out: `Column`s, and back. The record batches of these columns stand in arrow-batch.ts.
 *
 * A column is one input or output of a model, a row of it one row of the batch. A row of shape `()` is a plain
 * column; any other row shape is a FixedSizeList of its product. What Arrow's types cannot say stands in the
 * field's metadata: `mdm:shape` (row shapes of rank 2 and more), `mdm:dtype` (`bool`, which travels as uint8)
 * and `mdm:columns` (names of the columns that the list stands for).
 */
import { Field } from 'apache-arrow/fb/field';
import { FixedSizeList } from 'apache-arrow/fb/fixed-size-list';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { KeyValue } from 'apache-arrow/fb/key-value';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { Precision } from 'apache-arrow/fb/precision';
import { Schema } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { Utf8 } from 'apache-arrow/fb/utf8';
import { Builder, type Offset } from 'flatbuffers';
import { badArrow, finishMessage, openMessage } from './arrow-message.ts';
import type { Dtype } from './messages.ts';

export interface Column {
  readonly name: string;
  readonly dtype: Dtype;
  /** The shape of one row; `[]` for a plain column. */
  readonly rowShape: readonly number[];
  /** Names of the columns that a row of shape `[k]` stands for; null where it stands for itself. */
  readonly columns: readonly string[] | null;
}

export type FixedDtype = Exclude<Dtype, 'string'>;

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<FixedDtype, number>> = {
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1
};

const FLOATS: readonly (Dtype | undefined)[] = ['float16', 'float32', 'float64'];
const SHAPE_KEY = 'mdm:shape';
const DTYPE_KEY = 'mdm:dtype';
const COLUMNS_KEY = 'mdm:columns';
/** The name that pyarrow gives to the child of a list, so that schemas of both sides compare equal. */
const CHILD_NAME = 'item';

/** Elements of one row. */
export function rowWidth(rowShape: readonly number[]): number {
  return rowShape.reduce((product, axis) => product * axis, 1);
}

/** Whether rows are lists; a plain column has one element a row and no list around it. */
export function isList(column: Column): boolean {
  return column.rowShape.length > 0;
}

/** @throws MdmError `bad_message` when it is not a schema message of tensor columns */
export function decodeSchema(message: Uint8Array): Column[] {
  const schema = openMessage(message, MessageHeader.Schema).header(new Schema());
  // No field takes less than a pointer: a count beyond that is a broken message, not a long loop.
  const count = Math.min(schema.fieldsLength(), message.length);
  return Array.from({ length: count }, (_, index) => readColumn(schema.fields(index)));
}

/** One Arrow schema message, with its prefix and padding. */
export function encodeSchema(columns: readonly Column[]): Uint8Array {
  const builder = new Builder(1024);
  const fields = columns.map(column => writeColumn(builder, column));
  const vector = Schema.createFieldsVector(builder, fields);
  Schema.startSchema(builder);
  Schema.addFields(builder, vector);
  return finishMessage(builder, MessageHeader.Schema, Schema.endSchema(builder), 0);
}

function readColumn(field: Field | null): Column {
  if (field === null) throw badArrow('a schema without its fields');
  const name = field.name() ?? '';
  const metadata = readMetadata(field);
  const list = field.typeType() === Type.FixedSizeList;
  const element = list ? field.children(0) : field;
  const stored = element === null ? null : readDtype(element);
  if (stored === null) throw badArrow(`column "${name}" has a type that no tensor has`);
  const dtype = metadata.get(DTYPE_KEY) === 'bool' && stored === 'uint8' ? 'bool' : stored;
  const rowShape = list ? readRowShape(field, name, metadata.get(SHAPE_KEY)) : [];
  const columns = metadata.get(COLUMNS_KEY);
  return { name, dtype, rowShape, columns: columns === undefined ? null : readNames(columns, name) };
}

function readDtype(field: Field): Dtype | null {
  switch (field.typeType()) {
    case Type.FloatingPoint: {
      const type: FloatingPoint | null = field.type(new FloatingPoint());
      return FLOATS[type?.precision() ?? -1] ?? null;
    }
    case Type.Int: {
      const type: Int | null = field.type(new Int());
      return type === null ? null : intDtype(type.isSigned(), type.bitWidth());
    }
    case Type.Utf8:
      return 'string';
    default:
      return null;
  }
}

function intDtype(signed: boolean, bits: number): Dtype | null {
  switch (bits) {
    case 8:
    case 16:
    case 32:
    case 64:
      return `${signed ? 'int' : 'uint'}${bits}`;
    default:
      return null;
  }
}

function readRowShape(field: Field, name: string, declared: string | undefined): readonly number[] {
  const type: FixedSizeList | null = field.type(new FixedSizeList());
  const size = type?.listSize() ?? -1;
  const shape = declared === undefined ? [size] : parseJson(declared, name);
  const isShape = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every(axis => Number.isSafeInteger(axis) && axis >= 0);
  if (!isShape(shape) || rowWidth(shape) !== size) {
    throw badArrow(`column "${name}" says that its rows have shape ${declared ?? size}, in lists of ${size}`);
  }
  return shape;
}

function readNames(json: string, column: string): string[] {
  const names = parseJson(json, column);
  if (!Array.isArray(names)) throw badArrow(`the ${COLUMNS_KEY} of column "${column}" is not a list`);
  return names.map(String);
}

function parseJson(json: string, column: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw badArrow(`the metadata of column "${column}" is not JSON`, cause);
  }
}

function readMetadata(field: Field): Map<string, string> {
  const metadata = new Map<string, string>();
  for (let index = 0; index < field.customMetadataLength(); index++) {
    const pair = field.customMetadata(index);
    const key = pair?.key();
    // An empty key only comes from a broken message, whose count of pairs is not to be trusted.
    if (!key) break;
    metadata.set(key, pair?.value() ?? '');
  }
  return metadata;
}

function writeColumn(builder: Builder, column: Column): Offset {
  const metadata = writeMetadata(builder, column);
  const bare = { type: writeDtype(builder, column.dtype), children: [], metadata };
  if (!isList(column)) return writeField(builder, column.name, bare);
  const child = writeField(builder, CHILD_NAME, { ...bare, metadata: 0 });
  const type = FixedSizeList.createFixedSizeList(builder, rowWidth(column.rowShape));
  return writeField(builder, column.name, {
    type: [Type.FixedSizeList, type],
    children: [child],
    metadata
  });
}

interface FieldParts {
  readonly type: readonly [Type, Offset];
  readonly children: Offset[];
  readonly metadata: Offset;
}

/** Nullable although no value is ever null: that is pyarrow's default, and schemas compare it. */
function writeField(builder: Builder, name: string, { type, children, metadata }: FieldParts): Offset {
  const nameAt = builder.createString(name);
  const childrenAt = Field.createChildrenVector(builder, children);
  Field.startField(builder);
  Field.addName(builder, nameAt);
  Field.addNullable(builder, true);
  Field.addTypeType(builder, type[0]);
  Field.addType(builder, type[1]);
  Field.addChildren(builder, childrenAt);
  if (metadata !== 0) Field.addCustomMetadata(builder, metadata);
  return Field.endField(builder);
}

function writeDtype(builder: Builder, dtype: Dtype): readonly [Type, Offset] {
  switch (dtype) {
    case 'float16':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.HALF)];
    case 'float32':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.SINGLE)];
    case 'float64':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.DOUBLE)];
    case 'string':
      return [Type.Utf8, writeUtf8(builder)];
    default:
      return [Type.Int, Int.createInt(builder, ELEMENT_BYTES[dtype] * 8, dtype.startsWith('int'))];
  }
}

function writeUtf8(builder: Builder): Offset {
  Utf8.startUtf8(builder);
  return Utf8.endUtf8(builder);
}

function writeMetadata(builder: Builder, column: Column): Offset {
  const pairs: [string, string][] = [];
  if (column.rowShape.length > 1) pairs.push([SHAPE_KEY, JSON.stringify(column.rowShape)]);
  if (column.dtype === 'bool') pairs.push([DTYPE_KEY, 'bool']);
  if (column.columns !== null) pairs.push([COLUMNS_KEY, JSON.stringify(column.columns)]);
  if (pairs.length === 0) return 0;
  const written = pairs.map(([key, value]) =>
    KeyValue.createKeyValue(builder, builder.createString(key), builder.createString(value))
  );
  return Field.createCustomMetadataVector(builder, written);
}

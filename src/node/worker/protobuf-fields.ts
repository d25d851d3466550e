/** Protobuf messages as the fields that they consist of, and back: only as much as editing an ONNX file needs. */
import protobuf from 'protobufjs/minimal.js';

const { Reader, Writer } = protobuf;

/** Wire types of protobuf. */
const VARINT = 0;
const BYTES = 2;

export interface ProtoField {
  readonly number: number;
  /** Tag and value, as they stand in the message. */
  readonly raw: Uint8Array;
  /** The value of a string, bytes or message field; empty otherwise. */
  readonly bytes: Uint8Array;
  /** The value of a number field; 0 otherwise. */
  readonly value: number;
}

/** @throws an error of protobufjs where the bytes break off */
export function* fieldsOf(message: Uint8Array): Generator<ProtoField> {
  const reader = Reader.create(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const wire = tag & 7;
    let bytes: Uint8Array = new Uint8Array();
    let value = 0;
    if (wire === BYTES) bytes = reader.bytes();
    else if (wire === VARINT) value = Number(reader.int64());
    else reader.skipType(wire);
    yield { number: tag >>> 3, raw: message.subarray(start, reader.pos), bytes, value };
  }
}

/** The first field of that number, as text; empty where there is none. */
export function textOf(message: Uint8Array, number: number): string {
  for (const field of fieldsOf(message)) if (field.number === number) return text(field);
  return '';
}

/** Integers of a repeated field, packed or not. */
export function integersOf(fields: readonly ProtoField[]): string[] {
  return fields.flatMap(field => (field.bytes.length > 0 ? unpack(field.bytes) : [String(field.value)]));
}

function unpack(bytes: Uint8Array): string[] {
  const reader = Reader.create(bytes);
  const values: string[] = [];
  while (reader.pos < reader.len) values.push(String(reader.int64()));
  return values;
}

export function text(field: ProtoField): string {
  return Buffer.from(field.bytes).toString('utf8');
}

/** A field that holds text, or a message that was written before. */
export function bytesField(number: number, value: string | Uint8Array): Uint8Array {
  const writer = Writer.create().uint32((number << 3) | BYTES);
  return (typeof value === 'string' ? writer.string(value) : writer.bytes(value)).finish();
}

export function numberField(number: number, value: number): Uint8Array {
  return Writer.create()
    .uint32((number << 3) | VARINT)
    .int64(value)
    .finish();
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

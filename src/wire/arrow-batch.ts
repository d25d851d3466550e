/**
 * Record batches of tensor columns (see arrow.ts). In: one record-batch message; out: for each column a view of
 * its bytes in that message, so that a tensor can stand on what was received. The other way, a message is laid out
 * first (`layOut`) and its values are written to where they belong, so that nothing is copied twice.
 */
import { Buffer as BufferSpan } from 'apache-arrow/fb/buffer';
import { FieldNode } from 'apache-arrow/fb/field-node';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Builder, type Offset } from 'flatbuffers';
import { type Column, ELEMENT_BYTES, isList, rowWidth } from './arrow.ts';
import { aligned, badArrow, finishMessage, openMessage } from './arrow-message.ts';
import { decodeText, encodeText } from './arrow-text.ts';
import { MdmError } from './errors.ts';

/** The values of a column, row after row: bytes of the element type, or strings. */
export type ColumnData = Uint8Array | readonly string[];

export interface Batch {
  readonly rows: number;
  readonly data: readonly ColumnData[];
}

/**
 * Fixed-width columns come as views of `message`.
 *
 * @throws MdmError `bad_message` when it does not fit the columns, `nulls` when a column holds some
 */
export function decodeBatch(columns: readonly Column[], message: Uint8Array): Batch {
  const { header, body } = openMessage(message, MessageHeader.RecordBatch);
  const batch = header(new RecordBatch());
  if (batch.compression() !== null) throw badArrow('its buffers are compressed');
  const rows = Number(batch.length());
  if (rows < 0) throw badArrow(`it has ${rows} rows`);
  const reader = new BatchReader(batch, body);
  const data = columns.map(column => reader.column(column, rows));
  reader.atEnd();
  return { rows, data };
}

/** Walks the nodes and buffers of one batch in their order. */
class BatchReader {
  readonly #batch: RecordBatch;
  readonly #body: Uint8Array;
  #node = 0;
  #buffer = 0;

  constructor(batch: RecordBatch, body: Uint8Array) {
    this.#batch = batch;
    this.#body = body;
  }

  column(column: Column, rows: number): ColumnData {
    const count = rows * rowWidth(column.rowShape);
    if (isList(column)) this.#level(column.name, rows);
    this.#level(column.name, count);
    if (column.dtype !== 'string') return this.#bytes(column.name, count * ELEMENT_BYTES[column.dtype]);
    // A column without values may come without offsets.
    const offsets = this.#bytes(column.name, count === 0 ? 0 : (count + 1) * Int32Array.BYTES_PER_ELEMENT);
    return decodeText(int32(offsets), this.#bytes(column.name, 0, true));
  }

  /** One level of a column: its node, and its validity, which nobody needs where no value is null. */
  #level(name: string, length: number): void {
    const node = this.#batch.nodes(this.#node++, new FieldNode());
    if (this.#node > this.#batch.nodesLength() || node === null) throw badArrow('columns are missing');
    if (Number(node.length()) !== length) {
      throw badArrow(`column "${name}" has ${node.length()} values and not ${length}`);
    }
    if (node.nullCount() > 0n) {
      throw new MdmError('nulls', `Column "${name}" holds ${node.nullCount()} nulls.`, {
        remedy: 'Fill them, or leave their rows out.',
        details: { column: name }
      });
    }
    this.#buffer += 1;
  }

  /** The next buffer: its first `length` bytes, or `all` of it. */
  #bytes(name: string, length: number, all = false): Uint8Array {
    const span = this.#batch.buffers(this.#buffer++, new BufferSpan());
    if (this.#buffer > this.#batch.buffersLength() || span === null) throw badArrow('buffers are missing');
    const start = Number(span.offset());
    const size = Number(span.length());
    if (!(start >= 0 && size >= length && start + size <= this.#body.length)) {
      throw badArrow(`the values of column "${name}" are cut off`);
    }
    return this.#body.subarray(start, start + (all ? size : length));
  }

  atEnd(): void {
    if (this.#node !== this.#batch.nodesLength()) throw badArrow('it has more columns than its schema');
  }
}

function int32(bytes: Uint8Array): Int32Array {
  const whole = bytes.byteOffset % Int32Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Int32Array(whole.buffer, whole.byteOffset, whole.length / Int32Array.BYTES_PER_ELEMENT);
}

/** Where in a message bytes lie. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A message that is settled but for its values. */
export interface Layout {
  /** All that comes before the body. */
  readonly prefix: Uint8Array;
  readonly size: number;
  /** One span a column; two, offsets and bytes, where it holds strings. */
  readonly spans: readonly (readonly Span[])[];
}

/** Depends on nothing but its arguments, so a layout serves every batch of as many rows. */
export function layOut(columns: readonly Column[], rows: number, textBytes: readonly number[] = []): Layout {
  let end = 0;
  const place = (length: number): Span => {
    const offset = end;
    end += aligned(length);
    return { offset, length };
  };
  const inBody = columns.map((column, index) => {
    const count = rows * rowWidth(column.rowShape);
    if (column.dtype !== 'string') return [place(count * ELEMENT_BYTES[column.dtype])];
    return [place((count + 1) * Int32Array.BYTES_PER_ELEMENT), place(textBytes[index] ?? 0)];
  });
  const prefix = writeHeader(columns, rows, inBody, end);
  const spans = inBody.map(of =>
    of.map(({ offset, length }) => ({ offset: prefix.length + offset, length }))
  );
  return { prefix, size: prefix.length + end, spans };
}

/** A message with room for its values; what is not written stays zero. */
export function startMessage(layout: Layout): Uint8Array {
  const message = new Uint8Array(layout.size);
  message.set(layout.prefix);
  return message;
}

/** The bytes of a span, to be written. */
export function at(message: Uint8Array, span: Span | undefined): Uint8Array {
  return span === undefined ? new Uint8Array() : message.subarray(span.offset, span.offset + span.length);
}

/** The whole message at once, from values that stand elsewhere. */
export function encodeBatch(
  columns: readonly Column[],
  rows: number,
  data: readonly ColumnData[]
): Uint8Array {
  const written = data.map(values =>
    values instanceof Uint8Array ? [values] : encodedBuffers(encodeText(values))
  );
  const layout = layOut(
    columns,
    rows,
    written.map(buffers => buffers[1]?.length ?? 0)
  );
  const message = startMessage(layout);
  written.forEach((buffers, column) => {
    buffers.forEach((bytes, buffer) => {
      at(message, layout.spans[column]?.[buffer]).set(bytes);
    });
  });
  return message;
}

function encodedBuffers({ offsets, bytes }: ReturnType<typeof encodeText>): Uint8Array[] {
  return [new Uint8Array(offsets.buffer), bytes];
}

function writeHeader(
  columns: readonly Column[],
  rows: number,
  spans: readonly (readonly Span[])[],
  bodyLength: number
): Uint8Array {
  const builder = new Builder(1024);
  const nodes = columns.flatMap(column => {
    const values = rows * rowWidth(column.rowShape);
    return isList(column) ? [rows, values] : [values];
  });
  const absent: Span = { offset: 0, length: 0 };
  const buffers = columns.flatMap((column, index) => [
    ...(isList(column) ? [absent, absent] : [absent]),
    ...(spans[index] ?? [])
  ]);
  const buffersAt = writeStructs(builder, RecordBatch.startBuffersVector, buffers, ({ offset, length }) =>
    BufferSpan.createBuffer(builder, BigInt(offset), BigInt(length))
  );
  const nodesAt = writeStructs(builder, RecordBatch.startNodesVector, nodes, length =>
    FieldNode.createFieldNode(builder, BigInt(length), 0n)
  );
  RecordBatch.startRecordBatch(builder);
  RecordBatch.addLength(builder, BigInt(rows));
  RecordBatch.addNodes(builder, nodesAt);
  RecordBatch.addBuffers(builder, buffersAt);
  return finishMessage(builder, MessageHeader.RecordBatch, RecordBatch.endRecordBatch(builder), bodyLength);
}

/** Flatbuffers grow from their end, so the last comes first. */
function writeStructs<T>(
  builder: Builder,
  start: (builder: Builder, count: number) => void,
  items: readonly T[],
  write: (item: T) => void
): Offset {
  start(builder, items.length);
  for (const item of items.toReversed()) write(item);
  return builder.endVector();
}

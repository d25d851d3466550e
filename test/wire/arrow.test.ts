import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Float32, Table, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import { type Column, decodeSchema, encodeSchema } from '../../src/wire/arrow.ts';
import { type ColumnData, decodeBatch, encodeBatch } from '../../src/wire/arrow-batch.ts';
import type { Dtype } from '../../src/wire/messages.ts';
import { PYTHON } from '../models/models.ts';

const bytes = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Two rows of three elements each. */
const VALUES: readonly (readonly [Dtype, ColumnData])[] = [
  ['float16', bytes(Uint16Array.of(0, 0x3c00, 0x4000, 0xbc00, 0x7bff, 0x3800))],
  ['float32', bytes(Float32Array.of(0, 1.5, -2, 3e38, 5, 6))],
  ['float64', bytes(Float64Array.of(0, 1.5, -2, 1e300, 5, 6))],
  ['int8', bytes(Int8Array.of(-128, 127, 0, 1, 2, 3))],
  ['int16', bytes(Int16Array.of(-32768, 32767, 0, 1, 2, 3))],
  ['int32', bytes(Int32Array.of(-2147483648, 2147483647, 0, 1, 2, 3))],
  ['int64', bytes(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n, 2n, 3n))],
  ['uint8', bytes(Uint8Array.of(0, 255, 1, 2, 3, 4))],
  ['uint16', bytes(Uint16Array.of(0, 65535, 1, 2, 3, 4))],
  ['uint32', bytes(Uint32Array.of(0, 4294967295, 1, 2, 3, 4))],
  ['uint64', bytes(BigUint64Array.of(0n, 2n ** 64n - 1n, 1n, 2n, 3n, 4n))],
  ['bool', bytes(Uint8Array.of(0, 1, 1, 0, 1, 0))],
  ['string', ['', 'plain', 'ä', '日本語', '😀', 'a\u{feff}b']]
];

const column = (name: string, dtype: Dtype, rowShape: readonly number[]): Column => ({
  name,
  dtype,
  rowShape,
  columns: null
});

const LISTS = VALUES.map(([dtype]) => column(dtype, dtype, [3]));
const PLAIN = VALUES.map(([dtype]) => column(`plain_${dtype}`, dtype, []));
const SHAPED: Column[] = [
  column('image', 'float32', [2, 3]),
  column('one', 'float64', [1]),
  column('flags', 'bool', [3, 1]),
  { name: 'odds', dtype: 'float32', rowShape: [2], columns: ['odds_no', 'odds_“yes”'] }
];

function stream(columns: readonly Column[], rows: number, data: readonly ColumnData[]): Buffer {
  return Buffer.concat([encodeSchema(columns), encodeBatch(columns, rows, data)]);
}

const listData = VALUES.map(([, data]) => data);
const shapedData: ColumnData[] = [
  bytes(Float32Array.from({ length: 12 }, (_, index) => index)),
  bytes(Float64Array.of(1, 2)),
  bytes(Uint8Array.of(1, 0, 1, 0, 1, 0)),
  bytes(Float32Array.of(0.25, 0.75, 0.5, 0.5))
];

const CASES: readonly (readonly [string, readonly Column[], number, readonly ColumnData[]])[] = [
  ['lists of every element type', LISTS, 2, listData],
  ['plain columns of every element type', PLAIN, 6, listData],
  ['rows of higher rank and named columns', SHAPED, 2, shapedData],
  [
    'no rows',
    [...LISTS, ...PLAIN],
    0,
    [...VALUES, ...VALUES].map(([dtype]) => (dtype === 'string' ? [] : new Uint8Array()))
  ],
  ['one ASCII string a row', [column('s', 'string', [])], 3, [['a', '', 'ccc']]]
];

for (const [name, columns, rows, data] of CASES) {
  test(`reads back what it wrote: ${name}`, () => {
    assert.deepEqual(decodeSchema(encodeSchema(columns)), columns);
    const batch = decodeBatch(columns, encodeBatch(columns, rows, data));
    assert.equal(batch.rows, rows);
    assert.deepEqual(batch.data, data);
  });
}

function row(table: Table, name: string, index: number): unknown[] {
  return Array.from(table.getChild(name)?.get(index) ?? []);
}

test('writes what apache-arrow reads', () => {
  const table = tableFromIPC(stream(SHAPED, 2, shapedData));
  assert.equal(table.numRows, 2);
  assert.deepEqual(row(table, 'odds', 1), [0.5, 0.5]);
  assert.equal(table.schema.fields[0]?.metadata.get('mdm:shape'), '[2,3]');
  const lists = tableFromIPC(stream(LISTS, 2, listData));
  assert.deepEqual(row(lists, 'string', 1), ['日本語', '😀', 'a\u{feff}b']);
  assert.deepEqual(row(lists, 'int64', 0), [-(2n ** 63n), 2n ** 63n - 1n, 0n]);
});

test('pyarrow reads all of it, and reads the same when it has written it again', () => {
  const script = fileURLToPath(new URL('pyarrow_again.py', import.meta.url));
  for (const [name, columns, rows, data] of CASES) {
    const input = stream(columns, rows, data);
    const output = execFileSync(PYTHON, [script], { input });
    const schemaBytes = output.readUInt32LE(0);
    const schemaMessage = output.subarray(4, 4 + schemaBytes);
    const batch = decodeBatch(columns, output.subarray(4 + schemaBytes));
    assert.deepEqual(decodeSchema(schemaMessage), columns, name);
    assert.deepEqual(batch, { rows, data }, name);
  }
});

test('values are views of the message, aligned to 64 bytes within it', () => {
  const columns = [column('a', 'float32', [3]), column('b', 'uint8', []), column('c', 'int64', [])];
  const message = encodeBatch(columns, 2, [new Uint8Array(24), new Uint8Array(2), new Uint8Array(16)]);
  for (const view of decodeBatch(columns, message).data) {
    assert.ok(view instanceof Uint8Array);
    assert.equal(view.buffer, message.buffer);
    assert.equal((view.byteOffset - message.byteOffset) % 64, 0);
  }
});

test('a message that is cut off anywhere is refused', () => {
  const schemaMessage = encodeSchema(LISTS);
  const batchMessage = encodeBatch(LISTS, 2, listData);
  for (let length = 0; length < batchMessage.length; length += 7) {
    assert.throws(() => decodeBatch(LISTS, batchMessage.subarray(0, length)), { code: 'bad_message' });
  }
  for (let length = 0; length < schemaMessage.length; length += 7) {
    assert.throws(() => decodeSchema(schemaMessage.subarray(0, length)), { code: 'bad_message' });
  }
});

test('a message with one byte changed never ends in anything but an error of ours', () => {
  const columns = [column('x', 'float32', [3]), column('s', 'string', [])];
  const schemaMessage = encodeSchema(columns);
  const batchMessage = encodeBatch(columns, 2, [new Uint8Array(24), ['a', 'b']]);
  for (let index = 0; index < batchMessage.length; index++) {
    readsOrRefuses(() => decodeBatch(columns, changed(batchMessage, index)));
  }
  for (let index = 0; index < schemaMessage.length; index++) {
    readsOrRefuses(() => decodeSchema(changed(schemaMessage, index)));
  }
});

function changed(message: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(message);
  copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}

function readsOrRefuses(read: () => unknown): void {
  try {
    read();
  } catch (thrown) {
    assert.match(String(thrown), /^MdmError/);
  }
}

test('a batch of other columns than the schema is refused', () => {
  const one = [column('x', 'float32', [3])];
  const message = encodeBatch(one, 2, [new Uint8Array(24)]);
  const wrong: Column[][] = [
    [column('x', 'float64', [3])],
    [column('x', 'float32', [4])],
    [column('x', 'float32', [])],
    [...one, column('y', 'float32', [])],
    []
  ];
  for (const columns of wrong) assert.throws(() => decodeBatch(columns, message), { code: 'bad_message' });
});

test('a column that holds nulls is refused by name', () => {
  const stream = tableToIPC(new Table({ age: vectorFromArray([1, null, 3], new Float32()) }));
  const schemaBytes = 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
  const columns = decodeSchema(stream.subarray(0, schemaBytes));
  assert.throws(() => decodeBatch(columns, stream.subarray(schemaBytes)), {
    code: 'nulls',
    message: 'Column "age" holds 1 nulls.'
  });
});

test('a column of a type that no tensor has is refused by name', () => {
  const stream = tableToIPC(new Table({ when: vectorFromArray([new Date(0)]) }));
  assert.throws(() => decodeSchema(stream), { code: 'bad_message', message: /column "when" has a type/ });
});

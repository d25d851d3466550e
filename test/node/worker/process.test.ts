import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Column } from '../../../src/wire/arrow.ts';
import type { ColumnData } from '../../../src/wire/arrow-batch.ts';
import type { Dtype } from '../../../src/wire/messages.ts';
import { modelPath, versionOf } from '../../models/models.ts';
import { WorkerProcess } from './worker-process.ts';

const bytes = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const floats = (data: ColumnData | undefined): number[] => {
  assert.ok(data instanceof Uint8Array);
  return [...new Float32Array(data.slice().buffer)];
};
const integers = (data: ColumnData | undefined): bigint[] => {
  assert.ok(data instanceof Uint8Array);
  return [...new BigInt64Array(data.slice().buffer)];
};
const column = (name: string, dtype: Dtype, rowShape: readonly number[]): Column => ({
  name,
  dtype,
  rowShape,
  columns: null
});
const x3 = [column('x', 'float32', [3])];
/** 1, 2, 3 … */
const counting = (count: number): Uint8Array =>
  bytes(Float32Array.from({ length: count }, (_, index) => index + 1));

let worker: WorkerProcess;
before(async () => {
  worker = await WorkerProcess.start({ maxBatchSize: 4 });
  const ready = await worker.expect('ready');
  assert.equal(ready.pid, worker.process.pid);
  assert.equal(ready.device, 'cpu');
  assert.match(ready.runtime, /^onnxruntime-node \d/);
});
after(() => worker.stop());

/** Two rows of three. */
const VALUES: readonly (readonly [Dtype, ColumnData])[] = [
  ['float16', bytes(Uint16Array.of(0, 0x3c00, 0x4000, 0xbc00, 0x7bff, 0x3800))],
  ['float32', bytes(Float32Array.of(0, 1.5, -2, 3e38, 5, Number.NaN))],
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
  ['string', ['', 'plain', 'ä', '日本語', '😀', 'z']]
];

for (const [dtype, data] of VALUES) {
  test(`${dtype} values pass through a model unchanged`, async () => {
    const model = `identity_${dtype}`;
    const { signature } = await worker.load(model);
    const spec = { dtype, shape: [null, 3], columns: null };
    assert.deepEqual(signature, {
      inputs: [{ name: 'x', ...spec }],
      outputs: [{ name: 'y', ...spec }],
      batch: null
    });
    await worker.work(model, [column('x', dtype, [3])], 2, [data]);
    const outputs = await worker.outputs();
    assert.deepEqual(outputs.columns, [column('y', dtype, [3])]);
    assert.deepEqual(outputs.data, [data]);
  });
}

test('a chunk longer than a call comes back whole and in order, with its timings', async () => {
  await worker.load('doubled');
  await worker.work('doubled', x3, 10, [counting(30)]);
  const { data, rows, timings } = await worker.outputs();
  assert.equal(rows, 10);
  assert.deepEqual(
    floats(data[0]),
    floats(counting(30)).map(value => 2 * value)
  );
  assert.deepEqual(Object.keys(timings).sort(), ['decode', 'encode', 'infer', 'wait']);
});

test('strings longer than a call come back whole and in order', async () => {
  await worker.load('identity_string_rank1');
  const values = Array.from({ length: 10 }, (_, index) => `value ${index} ä`);
  await worker.work('identity_string_rank1', [column('x', 'string', [])], 10, [values]);
  assert.deepEqual((await worker.outputs()).data, [values]);
});

test('outputs of rank 1, [n, 1] and more keep their shapes', async () => {
  await worker.load('multi_output');
  await worker.work('multi_output', x3, 2, [counting(6)]);
  const { columns, data } = await worker.outputs();
  assert.deepEqual(columns, [
    column('total', 'float32', []),
    column('doubled', 'float32', [3]),
    column('best', 'int64', [1]),
    column('large', 'bool', [3])
  ]);
  assert.deepEqual(floats(data[0]), [6, 15]);
  assert.deepEqual(floats(data[1]), [2, 4, 6, 8, 10, 12]);
  assert.deepEqual(integers(data[2]), [2n, 2n]);
  assert.deepEqual(data[3], Uint8Array.of(0, 1, 1, 1, 1, 1));
});

test('several inputs are fed by name, in any order', async () => {
  await worker.load('multi_input');
  const columns = [column('c', 'float64', [2]), column('a', 'float32', []), column('b', 'int64', [1])];
  const data = [
    bytes(Float64Array.of(1, 2, 3, 4)),
    bytes(Float32Array.of(10, 20)),
    bytes(BigInt64Array.of(100n, 200n))
  ];
  await worker.work('multi_input', columns, 2, data);
  const [y] = (await worker.outputs()).data;
  assert.deepEqual(y, bytes(Float64Array.of(113, 227)));
});

test('rows of rank 3 go in and come out', async () => {
  await worker.load('rank4');
  await worker.work('rank4', [column('image', 'float32', [3, 8, 8])], 1, [
    bytes(new Float32Array(192).fill(1))
  ]);
  const { columns, data } = await worker.outputs();
  assert.deepEqual(columns, [column('y', 'float32', [2, 6, 6])]);
  assert.deepEqual(new Set(floats(data[0])), new Set([27]));
});

test('a free inner axis takes the length that the rows have', async () => {
  const { signature } = await worker.load('free_inner');
  assert.deepEqual(signature.inputs[0]?.shape, [null, 'sequence']);
  await worker.work('free_inner', [column('tokens', 'int64', [2])], 1, [bytes(BigInt64Array.of(1n, 10n))]);
  const { columns, data } = await worker.outputs();
  assert.deepEqual(columns, [column('y', 'float32', [2, 4])]);
  assert.deepEqual(floats(data[0]), [1, 2, 3, 4, 10, 20, 30, 40]);
});

test('a model with a fixed batch gets full batches and its padding does not come back', async () => {
  const { signature } = await worker.load('fixed_batch');
  assert.equal(signature.batch, 4);
  await worker.work('fixed_batch', x3, 6, [counting(18)]);
  assert.deepEqual(
    floats((await worker.outputs()).data[0]),
    floats(counting(18)).map(value => 2 * value)
  );
});

test('strings are padded to a fixed batch too', async () => {
  await worker.load('fixed_batch_string');
  const values = ['a', 'b', 'c', 'd', 'é'];
  await worker.work('fixed_batch_string', [column('x', 'string', [])], 5, [values]);
  assert.deepEqual((await worker.outputs()).data, [values]);
});

test('an input without a batch is fed from the params', async () => {
  const { signature } = await worker.load('scalar_input');
  assert.deepEqual(signature.inputs[1], { name: 'factor', dtype: 'float32', shape: [], columns: null });
  await worker.work('scalar_input', x3, 1, [counting(3)], { params: { factor: 10 } });
  assert.deepEqual(floats((await worker.outputs()).data[0]), [10, 20, 30]);
  await worker.work('scalar_input', x3, 1, [counting(3)], { params: { factor: 'ten' } });
  const { error } = await worker.expect('failed');
  assert.equal(error.code, 'binding');
  assert.match(error.message, /"factor" takes one float32 for all rows; params have "ten"/);
});

const IRIS = bytes(Float32Array.of(5.1, 3.5, 1.4, 0.2, 6.3, 3.3, 6.0, 2.5));

test('probabilities of a scikit-learn classifier come as one matrix with named columns', async () => {
  const { signature } = await worker.load('sklearn_zipmap');
  const names = ['output_probability_0', 'output_probability_1', 'output_probability_2'];
  assert.deepEqual(signature.outputs[1], {
    name: 'output_probability',
    dtype: 'float32',
    shape: [null, 3],
    columns: names
  });
  await worker.work('sklearn_zipmap', [column('X', 'float32', [4])], 2, [IRIS]);
  const { columns, data } = await worker.outputs();
  assert.deepEqual(columns[1], {
    name: 'output_probability',
    dtype: 'float32',
    rowShape: [3],
    columns: names
  });
  assert.deepEqual(integers(data[0]), [0n, 2n]);
  const [a = 0, b = 0, c = 0] = floats(data[1]);
  assert.ok(a > 0.9 && Math.abs(a + b + c - 1) < 1e-5);
});

test('labels of a LightGBM classifier are one a row, although its file says otherwise', async () => {
  const { signature } = await worker.load('lightgbm_zipmap');
  assert.deepEqual(signature.outputs[0]?.shape, [null]);
  assert.deepEqual(signature.outputs[1]?.columns, ['probabilities_0', 'probabilities_1']);
  await worker.work('lightgbm_zipmap', [column('input', 'float32', [4])], 2, [IRIS]);
  const { data } = await worker.outputs();
  assert.deepEqual(integers(data[0]), [1n, 0n]);
  const [no = 0, yes = 0] = floats(data[1]);
  assert.ok(yes > no && Math.abs(yes + no - 1) < 1e-5);
});

test('a classifier with string labels gives strings', async () => {
  const { signature } = await worker.load('string_labels');
  assert.deepEqual(signature.outputs[1]?.columns, [
    'output_probability_setosa',
    'output_probability_versicolor',
    'output_probability_virginica'
  ]);
  await worker.work('string_labels', [column('X', 'float32', [4])], 2, [IRIS]);
  const { data } = await worker.outputs();
  assert.deepEqual(data[0], ['setosa', 'virginica']);
});

test('numbers and strings are bound by name', async () => {
  await worker.load('named_inputs');
  const columns = [
    column('age', 'float32', [1]),
    column('height', 'float32', [1]),
    column('city', 'string', [1])
  ];
  await worker.work('named_inputs', columns, 1, [counting(1), counting(1), ['Rome']]);
  assert.equal((await worker.outputs()).rows, 1);
});

test('a chunk without rows comes back without rows', async () => {
  await worker.work('multi_output', x3, 0, [new Uint8Array()]);
  const { rows, columns } = await worker.outputs();
  assert.equal(rows, 0);
  assert.deepEqual(columns[1], column('doubled', 'float32', [3]));
});

const FAILURES: readonly (readonly [string, string, Column, number, ColumnData, string, RegExp])[] = [
  [
    'an index out of range',
    'gather',
    column('index', 'int64', []),
    1,
    bytes(BigInt64Array.of(99n)),
    'model_failed',
    /^The model failed: Gather: indices element out of data bounds, idx=99/
  ],
  [
    'outputs that are not one row a row',
    'mixes_rows',
    column('x', 'float32', [3]),
    2,
    counting(6),
    'model_failed',
    /^Output "y" has shape \[1, 3\] for 2 rows/
  ],
  [
    'rows whose shape depends on their neighbours',
    'ragged',
    column('length', 'int64', []),
    8,
    bytes(BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 1n, 3n)),
    'model_failed',
    /^Output "y" gave rows of shape \[1\] and then of \[3\]/
  ],
  [
    'a column of another type',
    'doubled',
    column('x', 'float64', [3]),
    1,
    new Uint8Array(24),
    'binding',
    /^Input "x" takes float32 rows of shape \[3\]; its column holds float64/
  ],
  [
    'a column that is not there',
    'doubled',
    column('z', 'float32', [3]),
    1,
    new Uint8Array(12),
    'binding',
    /its column holds none/
  ],
  [
    'a NUL in a string',
    'identity_string_rank1',
    column('x', 'string', []),
    1,
    ['a\0b'],
    'cast_overflow',
    /NUL/
  ],
  [
    'a model that was never loaded',
    'nobody',
    column('x', 'float32', [3]),
    1,
    counting(3),
    'internal',
    /does not hold/
  ]
];

for (const [name, model, input, rows, data, code, message] of FAILURES) {
  test(`${name} fails the chunk with ${code}, and the next one runs`, async () => {
    if (model !== 'nobody') await worker.load(model);
    await worker.work(model, [input], rows, [data]);
    const { error } = await worker.expect('failed');
    assert.equal(error.code, code);
    assert.match(error.message, message);
    if (code !== 'internal') assert.notEqual(error.remedy, '');
    await worker.work('doubled', x3, 1, [counting(3)]);
    assert.deepEqual(floats((await worker.outputs()).data[0]), [2, 4, 6]);
  });
}

test('a batch that is cut off fails its chunk', async () => {
  await worker.send(
    {
      op: 'work',
      run: 'run',
      chunkIndex: 0,
      attempt: 0,
      model: 'doubled',
      rows: 1,
      priority: false,
      params: {},
      form: 'value'
    },
    [new Uint8Array(10), new Uint8Array(10)]
  );
  assert.equal((await worker.expect('failed')).error.code, 'bad_message');
});

test('an unloaded model can be loaded again', async () => {
  await worker.send({ op: 'unload', model: 'doubled' });
  await worker.work('doubled', x3, 1, [counting(3)]);
  assert.equal((await worker.expect('failed')).error.code, 'internal');
  await worker.load('doubled');
  await worker.work('doubled', x3, 1, [counting(3)]);
  assert.equal((await worker.outputs()).rows, 1);
});

test('two loads of one model are one load, answered twice', async () => {
  await worker.send({
    op: 'load',
    model: 'again',
    path: modelPath('mlp'),
    version: versionOf(modelPath('mlp'))
  });
  await worker.send({
    op: 'load',
    model: 'again',
    path: modelPath('mlp'),
    version: versionOf(modelPath('mlp'))
  });
  const [first, second] = [await worker.expect('loaded'), await worker.expect('loaded')];
  assert.deepEqual(first, second);
});

test('a file that was replaced is refused, not loaded in the place of the one that was asked for', async () => {
  await worker.send({ op: 'load', model: 'replaced', path: modelPath('mlp'), version: '1:1' });
  const { error } = await worker.expect('load_failed');
  assert.equal(error.code, 'model_not_found');
  assert.match(error.message, /replaced/);
});

/** One message of every op, as TypeScript sees it: what the golden frames are made from and held against. */
import type { Door, Message, Signature } from '../../src/wire/messages.ts';

const signature: Signature = {
  inputs: [{ name: 'input', dtype: 'float32', shape: [null, 3], columns: null }],
  outputs: [
    { name: 'label', dtype: 'string', shape: ['N'], columns: null },
    { name: 'probability', dtype: 'float32', shape: ['N', 2], columns: ['probability_no', 'probability_yes'] }
  ],
  batch: null
};

const error = {
  code: 'model_failed',
  message: 'indices element out of data bounds, idx=12 must be within [-12,11]',
  remedy: 'Look at the rows of this chunk.',
  details: { row_offset: 40 }
} as const;

const identity = { run: 'run-1', chunkIndex: 2, attempt: 1 };
const timings = { wait: 0.25, decode: 0.125, infer: 11.5, encode: 0.0625 };

const at = { received: 3, placed: 4.5, done: 17.25 };

type Examples = { [D in Door]: Message<D>[] };

export const EXAMPLES: Examples = {
  client_to_broker: [
    { op: 'hello', protocol: 1, client: { name: 'jupyterlab_mdm', version: '0.1.0', pid: 4321 } },
    {
      op: 'submit',
      run: 'run-1',
      model: '/models/flights.onnx',
      version: '1732000000000000000:5204211',
      params: { vocabulary_path: 'vocab.txt', maxItems: 3, nested: { snake_key: true } },
      rows: 336_776,
      deadlineMs: 60_000,
      label: 'delays'
    },
    {
      op: 'ask',
      run: 'run-2',
      model: '/models/flights.onnx',
      version: '1732000000000000000:5204211',
      params: {},
      rows: 4,
      deadlineMs: null,
      label: null,
      form: 'value'
    },
    { op: 'begin', run: 'run-1' },
    { op: 'chunk', run: 'run-1', chunkIndex: 2, rowOffset: 40, rows: 4, form: 'value' },
    { op: 'end', run: 'run-1', chunks: 3, rows: 44 },
    { op: 'cancel', run: 'run-1' },
    { op: 'status', request: 'r-1' },
    { op: 'scale', request: 'r-2', numWorker: 4 },
    { op: 'load', request: 'r-3', model: '/models/flights.onnx' },
    { op: 'unload', request: 'r-4', model: 'flights.onnx' },
    { op: 'terminate', request: 'r-5', mode: 'drain', timeoutMs: 5_000 }
  ],
  broker_to_client: [
    {
      op: 'welcome',
      protocol: 1,
      version: '0.1.0',
      name: 'default',
      instance: '5f1c',
      numWorker: 2,
      priorityBatchSize: 16,
      maxBatchSize: null
    },
    {
      op: 'submitted',
      run: 'run-1',
      model: 'flights.onnx',
      signature,
      credit: 6,
      numWorker: 2,
      msPerRow: 0.005
    },
    { op: 'credit', run: 'run-1', chunks: 3 },
    {
      op: 'chunk_done',
      ...identity,
      rowOffset: 40,
      rows: 4,
      worker: 1,
      device: 'cpu 1',
      timings: { ...timings, queue: 1.5, toWorker: 0.75, back: 0.03125 },
      at
    },
    { op: 'chunk_failed', ...identity, rowOffset: 40, rows: 4, worker: 1, device: 'cpu 1', at, error },
    {
      op: 'run_done',
      run: 'run-1',
      state: 'failed',
      chunksDone: 2,
      chunksFailed: 1,
      rowsDone: 40,
      retried: 1,
      error
    },
    { op: 'reply', request: 'r-2', result: { num_worker: 4 } },
    { op: 'error', request: null, run: 'run-1', error }
  ],
  broker_to_worker: [
    { op: 'load', model: '/models/flights.onnx:1:2', path: '/models/flights.onnx', version: '1:2' },
    { op: 'unload', model: '/models/flights.onnx:1:2' },
    {
      op: 'work',
      ...identity,
      model: '/models/flights.onnx:1:2',
      rows: 4,
      priority: false,
      params: { snake_key: 1 },
      form: 'value'
    },
    { op: 'cancel', run: 'run-1' },
    { op: 'shutdown' }
  ],
  worker_to_broker: [
    { op: 'ready', protocol: 1, worker: 1, pid: 4322, device: 'cpu', runtime: 'onnxruntime-node 1.30.0' },
    { op: 'loaded', model: '/models/flights.onnx:1:2', signature, loadMs: 80.5, warmMs: 3.25 },
    { op: 'load_failed', model: '/models/flights.onnx:1:2', error },
    { op: 'done', ...identity, rows: 4, timings },
    { op: 'failed', ...identity, error },
    { op: 'dropped', ...identity }
  ]
};

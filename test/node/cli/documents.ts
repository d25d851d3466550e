/** A status document of a cluster at work. */
import type { StatusDocument } from '../../../src/node/cluster/status-document.ts';

export const STATUS: StatusDocument = {
  name: 'default',
  version: '0.1.0',
  instance: 'abc',
  endpoints: { in: 'ipc:///r/in', out: 'ipc:///r/out' },
  broker: { pid: 4711, uptime_s: 200 },
  options: { name: 'default', num_worker: 2, device_map: '-1', logger: null, verbose: false },
  workers: [
    {
      id: 0,
      pid: 4712,
      device: 'cpu',
      cores: '0',
      state: 'busy',
      model: 'flights.onnx',
      chunks: 12,
      rows: 60_000
    },
    { id: 1, pid: 4713, device: 'cuda:0', cores: '', state: 'idle', model: null, chunks: 0, rows: 0 }
  ],
  models: [
    {
      name: 'flights.onnx',
      path: '/m/flights.onnx',
      signature: {
        inputs: [{ name: 'x', dtype: 'float32', shape: [null, 12], columns: null }],
        outputs: [{ name: 'delay', dtype: 'float32', shape: ['batch', 1], columns: null }],
        batch: null
      },
      workers: [0, 1]
    }
  ],
  runs: [
    {
      id: 'run-1',
      label: 'delays',
      model: 'flights.onnx',
      state: 'running',
      rows_done: 138_000,
      rows: 336_776,
      rows_per_s: 812_345.6
    },
    {
      id: 'run-2',
      label: null,
      model: 'flights.onnx',
      state: 'done',
      rows_done: 16,
      rows: null,
      rows_per_s: null
    }
  ],
  queue: { small: 0, bulk: 3 },
  totals: { chunks: 12, rows: 60_000 }
};

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { argumentsOf, type BrokerConfig, parseBrokerConfig } from '../../../src/node/cluster/config.ts';

const CONFIG: BrokerConfig = {
  name: 'default',
  instance: 'abc',
  version: '0.1.0',
  socketDir: '/run/mdm-default-x',
  connectionFile: '/run/mdm-default.json',
  endpoints: { in: 'ipc:///r/in', out: 'ipc:///r/out', backend: 'ipc:///r/backend' },
  tcp: { host: '127.0.0.1', port: 5555, portOut: 5556, portFixed: true },
  numWorker: 2,
  devices: ['cuda:0', 'cuda:1'],
  maxBatchSize: null,
  modelBatch: 1024,
  priorityBatchSize: 16,
  gpuMemoryFraction: 0.2,
  runScriptDir: '/work',
  logger: null,
  verbose: false,
  endWithStdin: false,
  workerEntry: '/w.mjs',
  maxAttempts: 2
};

describe('the configuration of a broker', () => {
  test('comes through the command line as it was', () => {
    assert.deepEqual(parseBrokerConfig(JSON.stringify(CONFIG)), CONFIG);
  });

  const wrong: [string, string, RegExp][] = [
    ['no JSON', '', /not JSON/],
    ['without workers', JSON.stringify({ ...CONFIG, numWorker: 0 }), /numWorker/],
    ['with a port out of range', JSON.stringify({ ...CONFIG, tcp: { ...CONFIG.tcp, port: 0 } }), /tcp\.port/]
  ];
  for (const [title, text, message] of wrong) {
    test(`is refused when it is ${title}`, () => {
      assert.throws(() => parseBrokerConfig(text), { code: 'bad_option', message });
    });
  }

  test('is told under the original names of the options', () => {
    assert.deepEqual(argumentsOf(CONFIG), {
      name: 'default',
      num_worker: 2,
      device_map: '0,1',
      max_batch_size: 1024,
      priority_batch_size: 16,
      gpu_memory_fraction: 0.2,
      run_script_dir: '/work',
      zeromq_sock_tmp_dir: '/run/mdm-default-x',
      logger: null,
      host: '127.0.0.1',
      port: 5555,
      port_out: 5556,
      verbose: false
    });
  });
});

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { CANCEL, SERVER_START, SERVER_TERMINATE, START, TERMINATE } from '../../../src/node/cli/options.ts';
import { type Options, parseWords } from '../../../src/node/cli/parse.ts';

const words = (text: string) => text.split(' ').filter(word => word !== '');

describe('without options', () => {
  test('mdm start has the original defaults, and a worker a core', () => {
    const { values, given } = parseWords(START, [], []);
    assert.deepEqual(values, {
      name: 'default',
      numWorker: availableParallelism(),
      deviceMap: ['cpu'],
      maxBatchSize: 1024,
      priorityBatchSize: 16,
      gpuMemoryFraction: 0.2,
      runScriptDir: './',
      logger: undefined,
      zeromqSockTmpDir: null,
      tcp: false,
      host: '127.0.0.1',
      port: null,
      portOut: null,
      verbose: false,
      foreground: false,
      endWithStdin: false,
      json: false,
      help: false
    });
    assert.equal(given.size, 0);
  });

  test('MDM-server-start has one worker, its log here, and stays', () => {
    const { values } = parseWords(SERVER_START, [], []);
    assert.deepEqual(
      [values.numWorker, values.logger, values.foreground, values.maxBatchSize],
      [1, './logger.txt', true, 1024]
    );
  });

  test('MDM-server-terminate goes to localhost, port 5555, for 5 s', () => {
    const { ip, port, timeout, now } = parseWords(SERVER_TERMINATE, [], []).values;
    assert.deepEqual([ip, port, timeout, now], ['localhost', 5555, 5000, false]);
  });

  test('mdm terminate goes by name', () => {
    const { ip, port, name, timeout } = parseWords(TERMINATE, [], []).values;
    assert.deepEqual([ip, port, name, timeout], [null, null, 'default', 5000]);
  });
});

describe('an option of mdm start', () => {
  const cases: [string, string, unknown][] = [
    ['--num-worker 2', 'numWorker', 2],
    ['--num-worker=2', 'numWorker', 2],
    ['-num_worker 2', 'numWorker', 2],
    ['-num_worker=2', 'numWorker', 2],
    ['–num_worker=2', 'numWorker', 2],
    ['—num-worker 2', 'numWorker', 2],
    ['-n 2', 'numWorker', 2],
    ['-n=2', 'numWorker', 2],
    ['-port=5557', 'port', 5557],
    ['-port_in 5557', 'port', 5557],
    ['--port-data=5557', 'port', 5557],
    ['-port_result=5558', 'portOut', 5558],
    ['-device_map -1', 'deviceMap', ['cpu']],
    ['-device_map=-1', 'deviceMap', ['cpu']],
    ['–device_map –1', 'deviceMap', ['cpu']],
    ['--device-map 0,1', 'deviceMap', ['cuda:0', 'cuda:1']],
    ['-max_batch_size 256', 'maxBatchSize', 256],
    ['-priority_batch_size 0', 'priorityBatchSize', 0],
    ['-gpu_memory_fraction 0.5', 'gpuMemoryFraction', 0.5],
    ['-gpu_memory_fraction .5', 'gpuMemoryFraction', 0.5],
    ['-gpu_memory_fraction 1', 'gpuMemoryFraction', 1],
    ['-run_script_dir ../models', 'runScriptDir', '../models'],
    ['-logger None', 'logger', null],
    ['-zeromq_sock_tmp_dir None', 'zeromqSockTmpDir', null],
    ['-zeromq_sock_tmp_dir /tmp', 'zeromqSockTmpDir', '/tmp'],
    ['-verbose', 'verbose', true],
    ['-verbose True', 'verbose', true],
    ['-verbose=True', 'verbose', true],
    ['-verbose 1', 'verbose', true],
    ['-verbose False', 'verbose', false],
    ['-verbose=0', 'verbose', false],
    ['--verbose --tcp', 'tcp', true],
    ['--port 5557 -port=5557', 'port', 5557]
  ];
  for (const [line, key, value] of cases) {
    test(`may be written ${line}`, () => {
      const { values, given } = parseWords<Options>(START, [], words(line));
      assert.deepEqual(values[key], value);
      assert.ok(given.has(key));
    });
  }

  const wrong: [string, RegExp, RegExp][] = [
    ['--num-workr 2', /no option --num-workr/, /Did you mean --num-worker\?/],
    ['--frobnicate', /no option --frobnicate/, /--help/],
    ['--port', /--port has no value/, /--port PORT/],
    ['--port --verbose', /--port has no value/, /--port PORT/],
    ['--port 0', /--port expects a whole number from 1 to 65535, not "0"/, /5555/],
    ['--port 5e3', /not "5e3"/, /5555/],
    ['--num-worker 0', /from 1 to 1024, not "0"/, /one a core/],
    ['--num-worker -2', /not "-2"/, /one a core/],
    ['--gpu-memory-fraction 1.5', /a number from 0 to 1, not "1.5"/, /0\.2/],
    ['--gpu-memory-fraction -0.1', /not "-0.1"/, /0\.2/],
    ['--gpu-memory-fraction nan', /not "nan"/, /0\.2/],
    ['--max-batch-size 0', /at least 1, not "0"/, /1024/],
    ['--verbose=maybe', /True or False, not "maybe"/, /off/],
    ['--device-map tpu', /"tpu" is not a device map/, /-1/],
    ['--name=', /not ""/, /default/],
    [
      '-port 5555 -port_in 5557',
      /--port is given twice: "5555" and "5557"/,
      /--port, --port-in, --port-data/
    ],
    ['extra', /"extra" is one argument too many/, /--help/]
  ];
  for (const [line, message, remedy] of wrong) {
    test(`may not be written ${line}`, () => {
      assert.throws(() => parseWords(START, [], words(line)), { code: 'bad_option', message, remedy });
    });
  }
});

describe('an argument', () => {
  const cases: [string, string[]][] = [
    ['run-1', ['run-1']],
    ['--json run-1', ['run-1']],
    ['--json 7', ['7']],
    ['--json True run-1', ['run-1']],
    ['--name a run-1', ['run-1']],
    ['-- --run', ['--run']]
  ];
  for (const [line, positionals] of cases) {
    test(`is ${positionals} in "${line}"`, () => {
      assert.deepEqual(parseWords(CANCEL, ['RUN'], words(line)).positionals, positionals);
    });
  }
  test('is asked for where it is missing', () => {
    assert.throws(() => parseWords(CANCEL, ['RUN'], []), { code: 'bad_option', message: 'RUN is missing.' });
  });
});

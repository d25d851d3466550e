import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SERVER_START, START } from '../../../src/node/cli/options.ts';
import { parseWords } from '../../../src/node/cli/parse.ts';
import { planStart, type StartPlan } from '../../../src/node/cli/plan.ts';

function plan(line = '', original = false): StartPlan {
  const words = line.split(' ').filter(word => word !== '');
  return planStart(parseWords(original ? SERVER_START : START, [], words), { cwd: '/work', original });
}

const LOOPBACK = { host: '127.0.0.1', port: null, portOut: null, insist: false };

describe('a start opens the TCP door', () => {
  const cases: [string, boolean, StartPlan['ports']][] = [
    ['', false, null],
    ['--tcp', false, LOOPBACK],
    ['--tcp False', false, null],
    ['--port 6000', false, { ...LOOPBACK, port: 6000 }],
    ['--port-out 6001', false, { ...LOOPBACK, portOut: 6001 }],
    ['--host 0.0.0.0', false, { ...LOOPBACK, host: '0.0.0.0' }],
    ['', true, { ...LOOPBACK, insist: true }]
  ];
  for (const [line, original, ports] of cases) {
    test(`${ports === null ? 'not ' : ''}by "${original ? 'MDM-server-start' : 'mdm start'} ${line}"`, () => {
      assert.deepEqual(plan(line, original).ports, ports);
    });
  }
});

describe('a start', () => {
  test('bounds chunks only where the user set the most rows', () => {
    assert.deepEqual([plan().settings.maxBatchSize, plan().settings.modelBatch], [null, 1024]);
    const { maxBatchSize, modelBatch } = plan('--max-batch-size 1024').settings;
    assert.deepEqual([maxBatchSize, modelBatch], [1024, 1024]);
  });

  test('keeps order and repeats of the devices', () => {
    assert.deepEqual(plan('--device-map 1,0,1').settings.devices, ['cuda:1', 'cuda:0', 'cuda:1']);
  });

  test('resolves paths where it was called', () => {
    const { settings, logger, socketParent } = plan(
      '--run-script-dir m --logger l.txt --zeromq-sock-tmp-dir s'
    );
    assert.deepEqual([settings.runScriptDir, logger, socketParent], ['/work/m', '/work/l.txt', '/work/s']);
  });

  test('has its log in its own folder, where it is told, or none', () => {
    const logs = [plan(), plan('', true), plan('--logger None')].map(({ logger }) => logger);
    assert.deepEqual(logs, [undefined, '/work/logger.txt', null]);
  });

  const lifetimes: [string, StartPlan['stdin'], boolean][] = [
    ['', 'ignore', false],
    ['--foreground', 'pipe', true],
    ['--end-with-stdin', 'inherit', true],
    ['--foreground --end-with-stdin', 'inherit', true]
  ];
  for (const [line, stdin, endWithStdin] of lifetimes) {
    test(`hands on as stdin: ${stdin}, with "${line}"`, () => {
      assert.deepEqual([plan(line).stdin, plan(line).settings.endWithStdin], [stdin, endWithStdin]);
    });
  }

  test('refuses a memory fraction that a GPU could not keep', () => {
    assert.throws(() => plan('--device-map 0 --gpu-memory-fraction 0.5'), { code: 'bad_option' });
    assert.equal(plan('--gpu-memory-fraction 0.5').settings.gpuMemoryFraction, 0.5);
  });

  test('refuses a name that could be a path', () => {
    assert.throws(() => plan('--name ../a'), { code: 'bad_option' });
  });
});

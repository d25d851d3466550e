import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coreOf, parseCoreList } from '../../../src/node/broker/cores.ts';
import { workerCommand } from '../../../src/node/broker/launch.ts';

describe('cores', () => {
  const lists: [list: string, cores: number[]][] = [
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['0-1,6,8-9', [0, 1, 6, 8, 9]],
    ['', []]
  ];
  for (const [list, cores] of lists) {
    it(`reads "${list}"`, () => assert.deepEqual(parseCoreList(list), cores));
  }

  const places: [worker: number, device: string, core: string | null][] = [
    [0, 'cpu', '4'],
    [1, 'cpu', '5'],
    [2, 'cpu', null],
    [0, 'cuda:0', null]
  ];
  for (const [worker, device, core] of places) {
    it(`puts worker ${worker} on ${device} to core ${core}`, () => {
      assert.equal(coreOf(worker, device, [4, 5]), core);
    });
  }
});

describe('the command line of a worker', () => {
  const launch = { node: 'node', entry: 'worker.mjs', config: '{}', cores: '1' };
  const cases: [
    name: string,
    taskset: string | null,
    setpriv: string | null,
    cores: string | null,
    line: string
  ][] = [
    [
      'dies with the broker and is pinned',
      '/t',
      '/s',
      '1',
      '/s --pdeathsig KILL -- /t -c 1 node worker.mjs {}'
    ],
    ['floats without a core', '/t', '/s', null, '/s --pdeathsig KILL -- node worker.mjs {}'],
    ['starts without the helpers', null, null, '1', 'node worker.mjs {}']
  ];
  for (const [name, taskset, setpriv, cores, line] of cases) {
    it(name, () => assert.equal(workerCommand({ ...launch, cores }, { taskset, setpriv }).join(' '), line));
  }
});

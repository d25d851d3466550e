import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cudaNames, visibleDevices } from '../../../src/node/cluster/visible-devices.ts';

describe('the GPUs that a process sees', () => {
  const cases: [number, string | undefined, string[]][] = [
    [2, undefined, ['cuda:0', 'cuda:1']],
    [0, undefined, []],
    [2, '1', ['cuda:0']],
    [4, '2,3', ['cuda:0', 'cuda:1']],
    [2, '', []],
    [2, '-1', []],
    [2, '0,-1,1', ['cuda:0']],
    [2, '0,7', ['cuda:0']],
    [1, 'GPU-8932f937', ['cuda:0']],
    [0, '0', []]
  ];
  for (const [present, mask, names] of cases) {
    test(`are ${names.length} of ${present} when the mask is ${JSON.stringify(mask) ?? 'not set'}`, () => {
      assert.deepEqual(cudaNames(present, mask), names);
    });
  }

  test('come after the CPU, which is always there', () => {
    assert.deepEqual(visibleDevices({ CUDA_VISIBLE_DEVICES: '' }), ['cpu']);
  });
});

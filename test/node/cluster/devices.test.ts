import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkDevices,
  checkMemoryFraction,
  deviceMapText,
  deviceOf,
  parseDeviceMap
} from '../../../src/node/cluster/devices.ts';

describe('a device map', () => {
  const cases: [string, string[]][] = [
    ['-1', ['cpu']],
    ['–1', ['cpu']],
    ['cpu', ['cpu']],
    ['CPU', ['cpu']],
    ['0', ['cuda:0']],
    ['cuda:3', ['cuda:3']],
    ['gpu:1', ['cuda:1']],
    ['0,1', ['cuda:0', 'cuda:1']],
    ['1,0', ['cuda:1', 'cuda:0']],
    ['0,0,1', ['cuda:0', 'cuda:0', 'cuda:1']],
    ['[0, 1]', ['cuda:0', 'cuda:1']],
    ['0 1', ['cuda:0', 'cuda:1']],
    ['-1,0', ['cpu', 'cuda:0']],
    ['-1,-1', ['cpu', 'cpu']]
  ];
  for (const [text, devices] of cases) {
    test(`"${text}" means ${devices.join(', ')}`, () => assert.deepEqual(parseDeviceMap(text), devices));
  }

  for (const text of ['', ',', '-2', '0,x', 'tpu:0', 'cuda:-1', '1.5']) {
    test(`"${text}" is none`, () => {
      assert.throws(() => parseDeviceMap(text), {
        code: 'bad_option',
        details: { option: 'device_map', value: text }
      });
    });
  }

  test('is written back as the original option', () => {
    assert.equal(deviceMapText(['cpu', 'cuda:0', 'cuda:0']), '-1,0,0');
  });

  test('gives devices to workers in turn', () => {
    const devices = [0, 1, 2, 3, 4].map(worker => deviceOf(['cuda:0', 'cuda:0', 'cpu'], worker));
    assert.deepEqual(devices, ['cuda:0', 'cuda:0', 'cpu', 'cuda:0', 'cuda:0']);
  });
});

describe('a device that is not visible', () => {
  const cases: [string[], string[], string, string][] = [
    [
      ['cuda:1'],
      ['cpu', 'cuda:0'],
      'Device cuda:1 is not visible to this process; visible: cpu, cuda:0.',
      'Start with --device-map 0.'
    ],
    [
      ['cpu', 'cuda:0'],
      ['cpu'],
      'Device cuda:0 is not visible to this process; visible: cpu.',
      'Start with --device-map -1.'
    ]
  ];
  for (const [asked, visible, message, remedy] of cases) {
    test(`is named, beside ${visible.join(', ')}`, () => {
      assert.throws(() => checkDevices(asked, visible), { code: 'device_not_there', message, remedy });
    });
  }

  test('is not found among those that are', () => {
    checkDevices(['cpu', 'cuda:1', 'cuda:1'], ['cpu', 'cuda:0', 'cuda:1']);
  });
});

describe('gpu_memory_fraction', () => {
  test('is refused where it would do nothing', () => {
    assert.throws(() => checkMemoryFraction(['cpu', 'cuda:0'], true), {
      code: 'bad_option',
      details: { option: 'gpu_memory_fraction' }
    });
  });
  test('does not matter on the CPU', () => checkMemoryFraction(['cpu'], true));
  test('is not refused where nobody asked for it', () => checkMemoryFraction(['cuda:0'], false));
});

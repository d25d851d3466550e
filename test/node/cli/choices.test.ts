import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pickRun } from '../../../src/node/cli/cancel.ts';
import { pickModel } from '../../../src/node/cli/models.ts';
import type { ModelStatus, RunStatus } from '../../../src/node/cluster/status-document.ts';
import { STATUS } from './documents.ts';

describe('the model that is meant', () => {
  const [template] = STATUS.models;
  assert.ok(template);
  const model = (name: string, path: string): ModelStatus => ({ ...template, name, path });
  const loaded = [model('a.onnx', '/m/a.onnx'), model('b.onnx', '/m/b.onnx'), model('b.onnx', '/n/b.onnx')];

  const cases: [string, string, string][] = [
    ['a.onnx', '/', '/m/a.onnx'],
    ['/m/a.onnx', '/', '/m/a.onnx'],
    ['a.onnx', '/m', '/m/a.onnx'],
    ['b.onnx', '/n', '/n/b.onnx'],
    ['../n/b.onnx', '/m', '/n/b.onnx']
  ];
  for (const [given, cwd, path] of cases) {
    test(`by ${given} in ${cwd} is ${path}`, () => assert.equal(pickModel(loaded, given, cwd).path, path));
  }

  test('is asked for by its path where two have the name', () => {
    assert.throws(() => pickModel(loaded, 'b.onnx', '/'), {
      code: 'bad_option',
      remedy: /\/m\/b\.onnx, \/n\/b\.onnx/
    });
  });
  test('is missed by name, beside those that are loaded', () => {
    assert.throws(() => pickModel(loaded, 'c.onnx', '/'), {
      code: 'model_not_found',
      message: /a\.onnx, b\.onnx/
    });
  });
  test('may be one version of a file of which two are loaded', () => {
    const versions = [model('a.onnx', '/m/a.onnx'), model('a.onnx', '/m/a.onnx')];
    assert.equal(pickModel(versions, 'a.onnx', '/').path, '/m/a.onnx');
  });
});

describe('the run that is meant', () => {
  const run = (id: string, label: string | null, state = 'running'): RunStatus => ({
    id,
    label,
    model: 'a.onnx',
    state,
    rows_done: 0,
    rows: null,
    rows_per_s: null
  });
  const runs = [run('abc1', 'delays'), run('abd2', 'delays'), run('x', 'old', 'done'), run('ab', null)];

  const cases: [string, string][] = [
    ['abc1', 'abc1'],
    ['abc', 'abc1'],
    ['ab', 'ab']
  ];
  for (const [given, id] of cases) {
    test(`by "${given}" is ${id}`, () => assert.equal(pickRun(runs, given).id, id));
  }

  const wrong: [string, RegExp][] = [
    ['delays', /stands for 2 runs: abc1, abd2/],
    ['old', /No run "old" is under way/],
    ['', /No run "" is under way/],
    ['zzz', /No run "zzz" is under way: abc1, abd2, ab/]
  ];
  for (const [given, message] of wrong) {
    test(`is not found by "${given}"`, () => {
      assert.throws(() => pickRun(runs, given), { code: 'bad_option', message });
    });
  }
});

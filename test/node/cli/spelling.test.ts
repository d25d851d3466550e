import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nearest, readOption, writeOption } from '../../../src/node/cli/spelling.ts';

describe('an option is read', () => {
  const cases: [string, string, string | null][] = [
    ['--port', 'port', null],
    ['-port', 'port', null],
    ['--port=5555', 'port', '5555'],
    ['-port=5555', 'port', '5555'],
    ['--num-worker', 'num_worker', null],
    ['-num_worker', 'num_worker', null],
    ['–port', 'port', null],
    ['—num-worker', 'num_worker', null],
    ['––port=1', 'port', '1'],
    ['−n', 'n', null],
    ['--logger=a=b', 'logger', 'a=b'],
    ['--logger=', 'logger', '']
  ];
  for (const [word, name, value] of cases) {
    test(`from ${word}`, () => assert.deepEqual(readOption(word), { name, value }));
  }
  for (const word of ['-1', '–1', '-1,0', 'port', '', '-', '--', '---port', '-0.5']) {
    test(`not from ${JSON.stringify(word)}`, () => assert.equal(readOption(word), null));
  }
  test('and written as the help writes it', () => {
    assert.deepEqual(['n', 'num_worker'].map(writeOption), ['-n', '--num-worker']);
  });
});

describe('the nearest name', () => {
  const names = ['num_worker', 'name', 'port', 'port_out', 'tcp', 'json'];
  const cases: [string, string | null][] = [
    ['num_workers', 'num_worker'],
    ['numworker', 'num_worker'],
    ['nmae', 'name'],
    ['nam', 'name'],
    ['prot', 'port'],
    ['pot', 'port'],
    ['Port', 'port'],
    ['num', 'num_worker'],
    ['xyz', null]
  ];
  for (const [wrong, near] of cases) {
    test(`to ${wrong} is ${near}`, () => assert.equal(nearest(wrong, names), near));
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkName, connectionPath, nameInFile } from '../../../src/node/cluster/names.ts';

describe('the name of a cluster', () => {
  for (const name of ['default', 'a', 'Model_2', 'a.b-c', 'x'.repeat(64)]) {
    test(`may be ${name}`, () => assert.equal(checkName(name), name));
  }
  for (const name of ['', '..', '.a', '-a', 'a/b', 'a b', 'ü', 'x'.repeat(65), 'a\n']) {
    test(`may not be ${JSON.stringify(name)}`, () => {
      assert.throws(() => checkName(name), { code: 'bad_option', details: { option: 'name', value: name } });
    });
  }

  const files: [string, string | null][] = [
    ['mdm-default.json', 'default'],
    ['mdm-a.b.json', 'a.b'],
    ['mdm-.json', null],
    ['kernel-1.json', null],
    ['.mdm-a.json.123', null]
  ];
  for (const [file, name] of files) {
    test(`is ${name} in ${file}`, () => assert.equal(nameInFile(file), name));
  }

  test('is the same in the file that it gives', () => {
    assert.equal(connectionPath('/run', 'a'), '/run/mdm-a.json');
  });
});

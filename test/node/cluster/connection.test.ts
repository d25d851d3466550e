import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  type ConnectionFacts,
  listConnectionFiles,
  readConnectionFile,
  removeConnectionFile,
  writeConnectionFile
} from '../../../src/node/cluster/connection.ts';
import { temporaryFolder } from './temporary.ts';

const FACTS: ConnectionFacts = {
  protocol: 1,
  name: 'default',
  instance: 'abc',
  version: '0.1.0',
  pid: 17,
  socket_dir: '/run/mdm-default-x',
  endpoints: { in: 'ipc:///run/in', out: 'ipc:///run/out' },
  curve_public_key: null
};

describe('a connection file', () => {
  test('is read as it was written', () => {
    const folder = temporaryFolder();
    writeConnectionFile(join(folder, 'mdm-default.json'), FACTS);
    const { curve_public_key: _, ...file } = FACTS;
    assert.deepEqual(readConnectionFile(folder, 'default'), { ...file, tcp: null });
  });

  test('has the TCP doors and their key in one place', () => {
    const folder = temporaryFolder();
    const endpoints = { ...FACTS.endpoints, tcp_in: 'tcp://127.0.0.1:5555', tcp_out: 'tcp://127.0.0.1:5556' };
    writeConnectionFile(join(folder, 'mdm-default.json'), { ...FACTS, endpoints, curve_public_key: 'key' });
    const file = readConnectionFile(folder, 'default');
    assert.deepEqual(file?.tcp, {
      in: 'tcp://127.0.0.1:5555',
      out: 'tcp://127.0.0.1:5556',
      public_key: 'key'
    });
    assert.deepEqual(file?.endpoints, FACTS.endpoints);
  });

  test('may be read by its owner alone', () => {
    const path = join(temporaryFolder(), 'mdm-default.json');
    writeConnectionFile(path, FACTS);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('leaves nothing beside it', () => {
    const folder = temporaryFolder();
    writeConnectionFile(join(folder, 'mdm-default.json'), FACTS);
    assert.deepEqual(readdirSync(folder), ['mdm-default.json']);
  });

  test('is never written over that of another cluster', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'mdm-default.json');
    writeConnectionFile(path, FACTS);
    assert.throws(() => writeConnectionFile(path, { ...FACTS, instance: 'second' }), {
      code: 'cluster_exists'
    });
    assert.equal(readConnectionFile(folder, 'default')?.instance, 'abc');
    assert.deepEqual(readdirSync(folder), ['mdm-default.json']);
  });

  test('is removed by its own instance only', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'mdm-default.json');
    writeConnectionFile(path, FACTS);
    assert.equal(removeConnectionFile(path, 'second'), false);
    assert.equal(removeConnectionFile(path, 'abc'), true);
    assert.equal(removeConnectionFile(path, 'abc'), false);
    assert.deepEqual(readdirSync(folder), []);
  });

  for (const [title, text] of [
    ['half written', '{"protocol": 1, "na'],
    ['of another make', '{"kernel_name": "python3"}']
  ] as const) {
    test(`that is ${title} counts as none`, () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'mdm-default.json'), text);
      assert.equal(readConnectionFile(folder, 'default'), null);
      assert.deepEqual(listConnectionFiles(folder), []);
    });
  }

  test('is listed by its name among the others', () => {
    const folder = temporaryFolder();
    for (const name of ['b', 'a']) writeConnectionFile(join(folder, `mdm-${name}.json`), { ...FACTS, name });
    writeFileSync(join(folder, 'kernel-1.json'), '{}');
    assert.deepEqual(
      listConnectionFiles(folder).map(file => file.name),
      ['a', 'b']
    );
  });

  test('is not missed where there is no folder yet', () => {
    const folder = join(temporaryFolder(), 'none');
    assert.deepEqual(listConnectionFiles(folder), []);
    assert.equal(readConnectionFile(folder, 'default'), null);
  });
});

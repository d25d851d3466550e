import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import {
  doorsIn,
  makeSocketFolder,
  parentThatFits,
  removeSocketFolder
} from '../../../src/node/cluster/socket-folder.ts';
import { temporaryFolder } from './temporary.ts';

describe('a socket folder', () => {
  test('is made below the runtime folder, for its owner alone', () => {
    const runtime = join(temporaryFolder(), 'runtime');
    const folder = makeSocketFolder('a', runtime, null);
    assert.equal(dirname(folder), runtime);
    assert.match(basename(folder), /^mdm-a-\w{6}$/);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  test('is made below the folder that was asked for', () => {
    const asked = join(temporaryFolder(), 'asked');
    assert.equal(dirname(makeSocketFolder('a', '/nowhere', asked)), asked);
  });

  test('is refused below a folder that was asked for and is too deep', () => {
    const asked = join(temporaryFolder(), 'x'.repeat(100));
    assert.throws(() => makeSocketFolder('a', '/run', asked), {
      code: 'bad_option',
      details: { option: 'zeromq_sock_tmp_dir', value: asked, name: 'a' }
    });
  });

  test('says so where it cannot be made', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    assert.throws(() => makeSocketFolder('a', '/run', file), { code: 'bad_option' });
  });

  // "/run" + "/mdm-a-XXXXXX" + "/backend" has 25 bytes.
  const cases: [string, string[], number, string | null][] = [
    ['takes the first parent that fits', ['/run', '/tmp'], 25, '/run'],
    ['passes a parent by a byte too deep', ['/runs', '/tmp'], 25, '/tmp'],
    ['counts bytes, not letters', ['/rü', '/t'], 24, '/t'],
    ['finds none where all are too deep', ['/run', '/tmp'], 24, null]
  ];
  for (const [title, parents, longest, expected] of cases) {
    test(title, () => assert.equal(parentThatFits(parents, 'a', longest), expected));
  }

  test('goes with all that is in it', () => {
    const folder = makeSocketFolder('a', temporaryFolder(), null);
    writeFileSync(join(folder, 'in'), '');
    removeSocketFolder(folder, 'a');
    assert.equal(existsSync(folder), false);
    removeSocketFolder(folder, 'a');
  });

  test('is not mistaken for another folder', () => {
    const folder = join(temporaryFolder(), 'precious');
    mkdirSync(folder);
    removeSocketFolder(folder, 'a');
    assert.equal(existsSync(folder), true);
  });

  test('holds the three doors', () => {
    assert.deepEqual(doorsIn('/r/f'), {
      in: 'ipc:///r/f/in',
      out: 'ipc:///r/f/out',
      backend: 'ipc:///r/f/backend'
    });
  });
});

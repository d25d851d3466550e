import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { lastLines } from '../../../src/node/cluster/last-lines.ts';
import { temporaryFolder } from './temporary.ts';

describe('the last lines of a file', () => {
  test('are all of a short one', () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, 'one\ntwo\n');
    assert.equal(lastLines(path), 'one\ntwo');
  });
  test('are the end of a long one', () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, Array.from({ length: 5_000 }, (_, line) => `line ${line}\n`).join(''));
    const lines = lastLines(path).split('\n');
    assert.equal(lines.length, 12);
    assert.equal(lines.at(-1), 'line 4999');
  });
  test('are none where there is no file', () => {
    assert.equal(lastLines(join(temporaryFolder(), 'log')), '');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alignColumns, counted, duration, grouped, wantsColour } from '../../../src/node/cli/style.ts';

describe('colour', () => {
  const cases: [boolean, Record<string, string>, boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false]
  ];
  for (const [isTty, env, wanted] of cases) {
    test(`is ${wanted ? '' : 'not '}used ${isTty ? 'on a terminal' : 'in a pipe'} with ${JSON.stringify(env)}`, () => {
      assert.equal(wantsColour(isTty, env), wanted);
    });
  }
});

describe('text', () => {
  const durations: [number, string][] = [
    [0.618, '0.62 s'],
    [12.9, '12 s'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min']
  ];
  for (const [seconds, text] of durations) test(`tells ${text}`, () => assert.equal(duration(seconds), text));

  test('groups digits', () => assert.equal(grouped(336_776.4), '336,776'));
  test('counts one and many', () => {
    assert.deepEqual([counted(1, 'run'), counted(0, 'run')], ['1 run', '0 runs']);
  });
  test('lines columns up and ends no line in spaces', () => {
    const rows = [
      ['a', '1'],
      ['bcd', '23'],
      ['', '']
    ];
    assert.deepEqual(alignColumns(rows, ['left', 'right']), ['a     1', 'bcd  23', '']);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { microBatches } from '../../../src/node/worker/micro-batches.ts';

/** rows, batch, most → [start, rows, size] of each call */
const CASES: readonly (readonly [string, number, number | null, number, readonly (readonly number[])[]])[] = [
  ['no rows take no call', 0, null, 10, []],
  ['few rows take one call', 7, null, 10, [[0, 7, 7]]],
  ['rows that fill a call take one', 10, null, 10, [[0, 10, 10]]],
  [
    'one row too many makes two even calls',
    11,
    null,
    10,
    [
      [0, 6, 6],
      [6, 5, 5]
    ]
  ],
  [
    'more calls stay even',
    25,
    null,
    10,
    [
      [0, 9, 9],
      [9, 9, 9],
      [18, 7, 7]
    ]
  ],
  [
    'a fixed batch is always full',
    10,
    4,
    2,
    [
      [0, 4, 4],
      [4, 4, 4],
      [8, 2, 4]
    ]
  ],
  [
    'a fixed batch of one',
    2,
    1,
    100,
    [
      [0, 1, 1],
      [1, 1, 1]
    ]
  ],
  ['fewer rows than a fixed batch', 3, 4, 100, [[0, 3, 4]]]
];

for (const [name, rows, batch, most, expected] of CASES) {
  test(name, () => {
    const calls = [...microBatches(rows, batch, most)].map(call => [call.start, call.rows, call.size]);
    assert.deepEqual(calls, expected);
  });
}

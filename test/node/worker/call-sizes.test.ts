import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallSizes } from '../../../src/node/worker/call-sizes.ts';

const NO_BOUND = 1 << 16;

/** Sizes chosen for chunks of `rows`, where a row takes what `msPerRow` says of a size. */
function choices(
  sizes: CallSizes,
  rows: number,
  msPerRow: (size: number) => number,
  count: number
): number[] {
  return Array.from({ length: count }, () => {
    const size = sizes.next(rows);
    sizes.measured(size, rows, msPerRow(size) * rows);
    return size;
  });
}

describe('the size of a call', () => {
  it('is tried twice each, then the fastest is kept', () => {
    const forest = choices(new CallSizes(NO_BOUND), 20_000, size => 1 / size, 8);
    assert.deepEqual(forest, [1024, 1024, 4096, 4096, 16_384, 16_384, 16_384, 16_384]);
    const network = choices(new CallSizes(NO_BOUND), 20_000, size => size, 8);
    assert.deepEqual(network.slice(6), [1024, 1024]);
  });

  it('tries again what was slow when the machine was busy', () => {
    const sizes = new CallSizes(NO_BOUND);
    choices(sizes, 20_000, size => (size === 4096 ? 9 : 1 + size / 1e6), 10);
    const later = choices(sizes, 20_000, size => (size === 4096 ? 0.1 : 5), 300);
    assert.equal(later.at(-1), 4096);
  });

  const bounds: [rows: number, most: number, size: number][] = [
    [16, NO_BOUND, 1024],
    [1024, NO_BOUND, 1024],
    [20_000, 256, 256],
    [20_000, 1024, 1024]
  ];
  for (const [rows, most, size] of bounds) {
    it(`is ${size} for a chunk of ${rows} where at most ${most} are allowed`, () => {
      assert.equal(new CallSizes(most).next(rows), size);
    });
  }

  it('is never more than is allowed', () => {
    const sizes = choices(new CallSizes(5000), 20_000, size => 1 / size, 100);
    assert.equal(Math.max(...sizes), 4096);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkQueue, type Queued, SMALL_PER_BULK } from '../../../src/node/broker/queue.ts';

const anywhere = () => 'seat';
const chunk = (run: string, index: number): Queued => ({ run, index });

/** Takes until nothing more comes, as `run:index`. */
function drain(queue: ChunkQueue<Queued>, seat: (chunk: Queued) => string | null = anywhere): string[] {
  const order: string[] = [];
  for (let taken = queue.take(seat); taken !== null; taken = queue.take(seat)) {
    order.push(`${taken.chunk.run}:${taken.chunk.index}`);
  }
  return order;
}

describe('the queue', () => {
  it('keeps the order of rows within a run', () => {
    const queue = new ChunkQueue();
    for (const index of [0, 1, 2]) queue.push('bulk', chunk('a', index));
    assert.deepEqual(drain(queue), ['a:0', 'a:1', 'a:2']);
  });

  it('lets runs take turns', () => {
    const queue = new ChunkQueue();
    for (const index of [0, 1, 2]) queue.push('bulk', chunk('a', index));
    for (const index of [0, 1]) queue.push('bulk', chunk('b', index));
    assert.deepEqual(drain(queue), ['a:0', 'b:0', 'a:1', 'b:1', 'a:2']);
  });

  it('gives small requests before bulk that came first', () => {
    const queue = new ChunkQueue();
    queue.push('bulk', chunk('bulk', 0));
    queue.push('small', chunk('small', 0));
    assert.deepEqual(drain(queue), ['small:0', 'bulk:0']);
  });

  it('moves one bulk chunk for every eight small ones under a flood', () => {
    const queue = new ChunkQueue();
    for (const index of [0, 1]) queue.push('bulk', chunk('bulk', index));
    for (let run = 0; run < 3 * SMALL_PER_BULK; run++) queue.push('small', chunk(`s${run}`, 0));
    const order = drain(queue);
    assert.deepEqual(
      order.flatMap((name, place) => (name.startsWith('bulk') ? [place] : [])),
      [SMALL_PER_BULK, 2 * SMALL_PER_BULK + 1]
    );
  });

  it('goes on to the next run when the head of one finds no seat', () => {
    const queue = new ChunkQueue();
    for (const run of ['a', 'b']) queue.push('bulk', chunk(run, 0));
    assert.deepEqual(
      drain(queue, ({ run }) => (run === 'a' ? null : 'seat')),
      ['b:0']
    );
    assert.deepEqual(queue.depth, { small: 0, bulk: 1 });
  });

  it('puts a chunk back before the later ones of its run', () => {
    const queue = new ChunkQueue();
    for (const index of [3, 4]) queue.push('bulk', chunk('a', index));
    queue.putBack('bulk', chunk('a', 2));
    queue.putBack('bulk', chunk('a', 1));
    assert.deepEqual(drain(queue), ['a:1', 'a:2', 'a:3', 'a:4']);
  });

  it('drops all chunks of a run and none of another', () => {
    const queue = new ChunkQueue();
    for (const index of [0, 1]) queue.push('bulk', chunk('a', index));
    queue.push('bulk', chunk('b', 0));
    assert.equal(queue.dropRun('a').length, 2);
    assert.deepEqual(queue.depth, { small: 0, bulk: 1 });
    assert.deepEqual(drain(queue), ['b:0']);
  });
});

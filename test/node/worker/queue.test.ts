import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from '../../../src/node/worker/queue.ts';

interface Item {
  readonly run: string;
  readonly priority: boolean;
  readonly name: string;
}

const item = (name: string, run = 'run', priority = false): Item => ({ name, run, priority });

function queueOf(...items: readonly Item[]): WorkQueue<Item> {
  const queue = new WorkQueue<Item>();
  for (const one of items) queue.add(one);
  return queue;
}

function takeAll(queue: WorkQueue<Item>): string[] {
  return Array.from({ length: queue.size }, () => queue.take()?.name ?? '');
}

test('takes what came first, and priority before all', () => {
  const queue = queueOf(item('a'), item('b'), item('p', 'small', true), item('c'), item('q', 'small', true));
  assert.deepEqual(takeAll(queue), ['p', 'q', 'a', 'b', 'c']);
  assert.equal(queue.take(), undefined);
});

test('a cancelled run leaves with all its chunks and nobody else', () => {
  const queue = queueOf(item('a', 'one'), item('b', 'two'), item('c', 'one', true), item('d', 'two', true));
  assert.deepEqual(
    queue.cancel('one').map(({ name }) => name),
    ['c', 'a']
  );
  assert.deepEqual(queue.cancel('one'), []);
  assert.deepEqual(takeAll(queue), ['d', 'b']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../src/wire/arrow.ts';
import { WorkerProcess } from './worker-process.ts';

const wide: Column[] = [{ name: 'x', dtype: 'float32', rowShape: [64], columns: null }];
/** A chunk of the slow model: about 0.1 ms a row, in calls of eight. */
const SLOW_ROWS = 2000;
const slowData = [new Uint8Array(SLOW_ROWS * 64 * 4)];
const oneRow = [new Uint8Array(64 * 4)];

async function withWorker(use: (worker: WorkerProcess) => Promise<void>): Promise<void> {
  const worker = await WorkerProcess.start({ maxBatchSize: 8 });
  try {
    await worker.expect('ready');
    await use(worker);
  } finally {
    await worker.stop();
  }
}

/** Returns when the slow chunk of run "slow" is under way: what went before it is done. */
async function startSlow(worker: WorkerProcess): Promise<void> {
  await worker.load('slow');
  await worker.work('slow', wide, 1, oneRow, { run: 'before' });
  await worker.work('slow', wide, SLOW_ROWS, slowData, { run: 'slow' });
  await worker.outputs();
}

test('a cancel ends a chunk between two of its calls, and the next chunk runs', async () => {
  await withWorker(async worker => {
    await startSlow(worker);
    await worker.send({ op: 'cancel', run: 'slow' });
    assert.deepEqual(await worker.expect('dropped'), {
      op: 'dropped',
      run: 'slow',
      chunkIndex: 0,
      attempt: 0
    });
    await worker.work('slow', wide, 1, oneRow);
    assert.equal((await worker.outputs()).rows, 1);
  });
});

test('a waiting chunk of a cancelled run is dropped while another runs, and that one is not hurt', async () => {
  await withWorker(async worker => {
    await startSlow(worker);
    await worker.work('slow', wide, 1, oneRow, { run: 'other', chunkIndex: 7 });
    await worker.send({ op: 'cancel', run: 'other' });
    assert.equal((await worker.expect('dropped')).chunkIndex, 7);
    assert.equal((await worker.outputs()).rows, SLOW_ROWS);
  });
});

test('a priority chunk goes before the chunks that wait', async () => {
  await withWorker(async worker => {
    await startSlow(worker);
    await worker.work('slow', wide, 1, oneRow, { run: 'bulk' });
    await worker.work('slow', wide, 1, oneRow, { run: 'small', priority: true });
    const order = [await worker.expect('done'), await worker.expect('done'), await worker.expect('done')];
    assert.deepEqual(
      order.map(done => done.run),
      ['slow', 'small', 'bulk']
    );
    assert.ok((order[2]?.timings.wait ?? 0) >= (order[1]?.timings.wait ?? 0));
  });
});

const ENDS: readonly (readonly [string, (worker: WorkerProcess) => Promise<unknown> | unknown])[] = [
  ['the broker closes its pipe', worker => worker.process.stdin?.end()],
  ['the broker sends shutdown', worker => worker.send({ op: 'shutdown' })],
  ['SIGTERM comes', worker => worker.process.kill('SIGTERM')]
];

for (const [name, end] of ENDS) {
  test(`an idle worker goes when ${name}`, async () => {
    await withWorker(async worker => {
      await end(worker);
      assert.deepEqual(await worker.exited, [0, null]);
    });
  });

  test(`a worker in the middle of a chunk goes when ${name}`, async () => {
    await withWorker(async worker => {
      await startSlow(worker);
      await end(worker);
      assert.deepEqual(await worker.exited, [0, null]);
    });
  });
}

test('Ctrl-C is left to the broker', async () => {
  await withWorker(async worker => {
    worker.process.kill('SIGINT');
    await worker.load('doubled');
    worker.process.kill('SIGTERM');
    assert.deepEqual(await worker.exited, [0, null]);
    assert.match(await worker.words, /sigint_ignored/);
  });
});

test('a device that is not there ends the worker, and its last line says why', async () => {
  const worker = await WorkerProcess.start({ device: 'cuda:99' });
  assert.deepEqual(await worker.exited, [1, null]);
  assert.match(
    await worker.words,
    /failed code="device_not_there" message="Device cuda:99 cannot be used.*remedy=/
  );
  await worker.stop();
});

test('a configuration that is no good ends the worker, and its last line names the field', async () => {
  const worker = await WorkerProcess.start({ maxBatchSize: 0 });
  assert.deepEqual(await worker.exited, [1, null]);
  assert.match(await worker.words, /code="bad_option" message="A worker cannot start: maxBatchSize/);
  await worker.stop();
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Crew, Worker } from '../../../src/node/broker/crew.ts';
import { Dispatcher } from '../../../src/node/broker/dispatcher.ts';
import { type Chunk, Ledger, type Run } from '../../../src/node/broker/ledger.ts';
import { ModelRegistry } from '../../../src/node/broker/models.ts';
import { ChunkQueue } from '../../../src/node/broker/queue.ts';
import type { MessageOf } from '../../../src/wire/messages.ts';

const NEW_RUN = {
  client: 'c',
  modelName: 'm',
  params: {},
  label: null,
  rows: null,
  small: false,
  brief: false,
  startedAt: 0
};

/** A broker's logic with arrays where the sockets are. */
function setUp(workers = 2) {
  const crew = new Crew();
  for (let number = 0; number < workers; number++) {
    const worker = new Worker(number, 'cpu', null);
    worker.state = 'ready';
    worker.models.add('key');
    crew.add(worker);
  }
  const ledger = new Ledger();
  const toWorker: { worker: number; op: string; index: number; attempt: number }[] = [];
  const toClient: MessageOf<'broker_to_client', 'chunk_done' | 'chunk_failed' | 'run_done'>[] = [];
  const ended: string[] = [];
  let clock = 0;
  const dispatcher = new Dispatcher({
    crew,
    ledger,
    queue: new ChunkQueue<Chunk>(),
    models: new ModelRegistry(),
    maxAttempts: 2,
    now: () => clock++,
    onRunEnd: run => ended.push(`${run.id} ${run.state}`),
    wires: {
      toWorker: (worker, message) => {
        const [index, attempt] = message.op === 'work' ? [message.chunkIndex, message.attempt] : [-1, 0];
        toWorker.push({ worker, op: message.op, index, attempt });
      },
      toClient: (_, message) => {
        if (message.op === 'chunk_done' || message.op === 'chunk_failed' || message.op === 'run_done') {
          toClient.push(message);
        }
      }
    }
  });
  const run = ledger.open({ ...NEW_RUN, id: 'r' });
  Object.assign(run, { model: 'key', state: 'running', credit: 100, schema: new Uint8Array() });
  return { crew, ledger, dispatcher, toWorker, toClient, ended, run };
}

function send(given: ReturnType<typeof setUp>, run: Run, chunks: number): void {
  for (let index = 0; index < chunks; index++) {
    const chunk = given.ledger.receive(
      run,
      { chunkIndex: index, rowOffset: index * 5, rows: 5 },
      [new Uint8Array()],
      0
    );
    given.dispatcher.accept(run, chunk);
  }
  run.total = chunks;
}

const done = (chunkIndex: number, attempt = 1): MessageOf<'worker_to_broker', 'done'> => ({
  op: 'done',
  run: 'r',
  chunkIndex,
  attempt,
  rows: 5,
  timings: { wait: 0, decode: 1, infer: 2, encode: 1 }
});

function kill(given: ReturnType<typeof setUp>, number: number): void {
  const worker = workerOf(given, number);
  worker.state = 'starting';
  const held = worker.reset();
  given.dispatcher.lost(worker, held, 'killed by SIGKILL');
}

function comeBack(given: ReturnType<typeof setUp>, number: number): void {
  const worker = workerOf(given, number);
  worker.state = 'ready';
  worker.models.add('key');
  given.dispatcher.pump();
}

function workerOf(given: ReturnType<typeof setUp>, number: number): Worker {
  const worker = given.crew.get(number);
  assert.ok(worker !== undefined);
  return worker;
}

const placed = (given: ReturnType<typeof setUp>) =>
  given.toWorker.filter(({ op }) => op === 'work').map(({ worker, index }) => `${index}→${worker}`);

describe('the dispatcher', () => {
  it('gives each worker two chunks and the next one to whoever ends first', () => {
    const given = setUp();
    send(given, given.run, 6);
    assert.deepEqual(placed(given), ['0→0', '1→1', '2→0', '3→1']);
    given.dispatcher.done(workerOf(given, 1), done(1), []);
    assert.deepEqual(placed(given).slice(4), ['4→1']);
  });

  it('ends the run with the last chunk, in whatever order they end', () => {
    const given = setUp();
    send(given, given.run, 2);
    given.dispatcher.done(workerOf(given, 1), done(1), []);
    given.dispatcher.done(workerOf(given, 0), done(0), []);
    assert.deepEqual(
      given.toClient.map(({ op }) => op),
      ['chunk_done', 'chunk_done', 'run_done']
    );
    assert.deepEqual(given.ended, ['r done']);
  });

  it('runs the chunks of a worker that died elsewhere, one attempt higher', () => {
    const given = setUp();
    send(given, given.run, 4);
    kill(given, 0);
    assert.equal(given.run.retried, 2);
    given.dispatcher.done(workerOf(given, 1), done(1), []);
    given.dispatcher.done(workerOf(given, 1), done(3), []);
    const again = given.toWorker.filter(({ attempt }) => attempt === 2);
    assert.deepEqual(again, [{ worker: 1, op: 'work', index: 0, attempt: 2 }]);
  });

  it('fails the chunk that ended two workers, alone, and names its rows', () => {
    const given = setUp();
    send(given, given.run, 4);
    kill(given, 0);
    given.dispatcher.done(workerOf(given, 1), done(1), []);
    given.dispatcher.done(workerOf(given, 1), done(3), []);
    kill(given, 1);
    comeBack(given, 1);
    given.dispatcher.done(workerOf(given, 1), done(2, 2), []);
    const failed = given.toClient.filter(({ op }) => op === 'chunk_failed');
    assert.deepEqual(
      failed.map(message => ('chunkIndex' in message ? message.chunkIndex : -1)),
      [0]
    );
    const last = given.toClient.at(-1);
    assert.ok(last?.op === 'run_done');
    assert.deepEqual([last.state, last.chunksDone, last.chunksFailed], ['failed', 3, 1]);
    assert.match(last.error?.message ?? '', /Rows 0–4/);
  });

  it('does not blame the chunk that only waited', () => {
    const given = setUp(1);
    send(given, given.run, 2);
    kill(given, 0);
    comeBack(given, 0);
    kill(given, 0);
    comeBack(given, 0);
    given.dispatcher.done(workerOf(given, 0), done(1, 2), []);
    const last = given.toClient.at(-1);
    assert.ok(last?.op === 'run_done');
    assert.deepEqual([last.chunksDone, last.chunksFailed], [1, 1]);
  });

  it('takes the answer of a worker that was thought dead, once', () => {
    const given = setUp(1);
    send(given, given.run, 1);
    kill(given, 0);
    given.dispatcher.done(workerOf(given, 0), done(0), []);
    comeBack(given, 0);
    assert.deepEqual(given.ended, ['r done']);
    assert.equal(placed(given).length, 1);
  });

  it('tells the workers of a cancelled run to let go, and sends nothing of it any more', () => {
    const given = setUp();
    send(given, given.run, 6);
    given.dispatcher.abort(given.run, 'cancelled', null);
    assert.deepEqual(
      given.toWorker.filter(({ op }) => op === 'cancel').map(({ worker }) => worker),
      [0, 1]
    );
    given.dispatcher.done(workerOf(given, 0), done(0), []);
    given.dispatcher.dropped(workerOf(given, 0), done(2));
    assert.equal(workerOf(given, 0).inFlight, 0);
    assert.deepEqual(
      given.toClient.map(({ op }) => op),
      ['run_done']
    );
    assert.equal(placed(given).length, 4);
  });

  it('keeps a seat for a suspect chunk while another run has work without end', () => {
    const given = setUp(1);
    send(given, given.run, 1);
    kill(given, 0);
    const other = given.ledger.open({ ...NEW_RUN, id: 'other' });
    Object.assign(other, { model: 'key', state: 'running', credit: 100, schema: new Uint8Array() });
    send(given, other, 6);
    other.total = null;
    // The suspect is not there yet when the worker comes back and takes two of the other run.
    comeBack(given, 0);
    assert.deepEqual(placed(given), ['0→0', '0→0']);
    given.dispatcher.done(workerOf(given, 0), done(0, 2), []);
    assert.deepEqual(given.ended, ['r done']);
    assert.deepEqual(placed(given).slice(2), ['0→0', '1→0']);
  });

  it('lets a busy worker run empty for a suspect chunk, and fills it again after', () => {
    const given = setUp(2);
    const other = given.ledger.open({ ...NEW_RUN, id: 'other' });
    Object.assign(other, { model: 'key', state: 'running', credit: 100, schema: new Uint8Array() });
    workerOf(given, 1).state = 'starting';
    send(given, given.run, 1);
    kill(given, 0);
    workerOf(given, 1).state = 'ready';
    workerOf(given, 0).held.length = 0;
    given.toWorker.length = 0;
    // Worker 1 is there alone: it takes the suspect at once, and nothing beside it.
    send(given, other, 6);
    assert.deepEqual(placed(given), ['0→1']);
    given.dispatcher.done(workerOf(given, 1), done(0, 2), []);
    assert.deepEqual(placed(given).slice(1), ['0→1', '1→1']);
  });
});

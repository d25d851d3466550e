import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger, type Run } from '../../../src/node/broker/ledger.ts';
import { MdmError } from '../../../src/wire/errors.ts';

const NEW_RUN = {
  id: 'r',
  client: 'c',
  modelName: 'm.onnx',
  params: {},
  label: null,
  rows: null,
  small: false,
  brief: false,
  startedAt: 0
};
const PAYLOAD = [Uint8Array.of(1)];

function running(ledger: Ledger, credit = 10): Run {
  const run = ledger.open(NEW_RUN);
  Object.assign(run, { state: 'running', credit, schema: new Uint8Array() });
  return run;
}

const sent = (chunkIndex: number, rowOffset: number, rows = 5) => ({ chunkIndex, rowOffset, rows });

describe('the ledger', () => {
  it('takes chunks in order and counts their rows and credit', () => {
    const ledger = new Ledger();
    const run = running(ledger);
    ledger.receive(run, sent(0, 0), PAYLOAD, 1);
    ledger.receive(run, sent(1, 5), PAYLOAD, 2);
    assert.deepEqual([run.received, run.rowsReceived, run.credit], [2, 10, 8]);
  });

  it('is complete when as many chunks ended as the client said there are', () => {
    const ledger = new Ledger();
    const run = running(ledger);
    ledger.receive(run, sent(0, 0), PAYLOAD, 1);
    ledger.receive(run, sent(1, 5), PAYLOAD, 1);
    ledger.settle(run, 1, 'done');
    run.total = 2;
    assert.equal(ledger.isComplete(run), false);
    ledger.settle(run, 0, 'failed');
    assert.equal(ledger.isComplete(run), true);
    assert.deepEqual([run.chunksDone, run.chunksFailed, run.rowsDone, run.credit], [1, 1, 5, 10]);
  });

  it('counts the first answer to a chunk and drops the second', () => {
    const ledger = new Ledger();
    const run = running(ledger);
    ledger.receive(run, sent(0, 0), PAYLOAD, 1);
    assert.notEqual(ledger.settle(run, 0, 'done'), undefined);
    assert.equal(ledger.settle(run, 0, 'done'), undefined);
    assert.deepEqual([run.chunksDone, ledger.late], [1, 1]);
  });

  it('frees every payload when a run is closed', () => {
    const ledger = new Ledger();
    const run = running(ledger);
    ledger.receive(run, sent(0, 0), PAYLOAD, 1);
    ledger.close(run, 'cancelled', null, 9);
    assert.deepEqual([run.chunks.size, ledger.get('r'), run.endedAt], [0, undefined, 9]);
    assert.equal(ledger.ended().at(-1), run);
  });

  it('refuses a second run of the same id', () => {
    const ledger = new Ledger();
    running(ledger);
    assert.throws(() => ledger.open(NEW_RUN), MdmError);
  });

  it('remembers a bounded number of ended runs', () => {
    const ledger = new Ledger();
    for (let index = 0; index < 200; index++) {
      ledger.close(ledger.open({ ...NEW_RUN, id: `r${index}` }), 'done', null, 0);
    }
    assert.ok(ledger.ended().length <= 50);
    assert.equal(ledger.opened, 200);
  });

  const refused: [
    name: string,
    change: Partial<Run>,
    chunk: ReturnType<typeof sent>,
    payload: Uint8Array[],
    says: RegExp
  ][] = [
    ['before the run was submitted', { state: 'loading' }, sent(0, 0), PAYLOAD, /submitted/],
    ['before begin', { schema: null }, sent(0, 0), PAYLOAD, /begin/],
    ['after end', { total: 0 }, sent(0, 0), PAYLOAD, /end/],
    ['without credit', { credit: 0 }, sent(0, 0), PAYLOAD, /credit/],
    ['out of order', {}, sent(1, 0), PAYLOAD, /0 was expected/],
    ['at the wrong row', {}, sent(0, 3), PAYLOAD, /row 3/],
    ['without its payload', {}, sent(0, 0), [], /0 payload frames/]
  ];
  for (const [name, change, chunk, payload, says] of refused) {
    it(`refuses a chunk ${name}`, () => {
      const ledger = new Ledger();
      const run = Object.assign(running(ledger), change);
      assert.throws(() => ledger.receive(run, chunk, payload, 0), { code: 'bad_message', message: says });
    });
  }
});

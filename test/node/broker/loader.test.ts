import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Crew, Worker } from '../../../src/node/broker/crew.ts';
import { ModelLoader } from '../../../src/node/broker/loader.ts';
import { ModelRegistry } from '../../../src/node/broker/models.ts';
import type { Message } from '../../../src/wire/messages.ts';

const FILE = { key: 'm:1:1', path: '/m', version: '1:1', name: 'm' };
const SIGNATURE = { inputs: [], outputs: [], batch: null };
const ERROR = { code: 'model_invalid', message: 'broken', remedy: '', details: {} } as const;

function setUp(workers: number) {
  const crew = new Crew();
  for (let number = 0; number < workers; number++) {
    const worker = new Worker(number, 'cpu', null);
    worker.state = 'ready';
    crew.add(worker);
  }
  const sent: string[] = [];
  const givenUp: string[] = [];
  const models = new ModelRegistry();
  const wires = {
    toWorker: (worker: number, message: Message<'broker_to_worker'>) => {
      sent.push(`${message.op}→${worker}`);
    },
    toClient: () => undefined
  };
  const loader = new ModelLoader(models, crew, wires, (model, error) =>
    givenUp.push(`${model.key} ${error.code}`)
  );
  const worker = (number: number): Worker => {
    const found = crew.get(number);
    assert.ok(found !== undefined);
    return found;
  };
  const loaded = (number: number) =>
    loader.loaded(worker(number), {
      op: 'loaded',
      model: FILE.key,
      signature: SIGNATURE,
      loadMs: 1,
      warmMs: 1
    });
  return { crew, models, loader, sent, givenUp, worker, loaded };
}

describe('the loader', () => {
  it('sends a model to every open worker, once, and is content with the first', async () => {
    const given = setUp(2);
    const first = given.loader.load(FILE, 'one');
    const second = given.loader.load(FILE, 'one');
    given.loaded(1);
    await Promise.all([first, second]);
    assert.deepEqual(given.sent, ['load→0', 'load→1']);
  });

  it('waits for all of them where that is asked', async () => {
    const given = setUp(2);
    let settled = false;
    const all = given.loader.load(FILE, 'all').then(() => {
      settled = true;
    });
    given.loaded(0);
    await Promise.resolve();
    assert.equal(settled, false);
    given.loaded(1);
    await all;
  });

  it('does not wait for a worker that left', async () => {
    const given = setUp(2);
    const all = given.loader.load(FILE, 'all');
    given.loaded(0);
    given.crew.remove(1);
    given.loader.workerLost(new Worker(1, 'cpu', null), 'left');
    assert.equal((await all).key, FILE.key);
  });

  it('gives a model up when every worker refuses it, and tries anew when it is asked again', async () => {
    const given = setUp(1);
    const refused = given.loader.load(FILE, 'one');
    given.loader.loadFailed(given.worker(0), { op: 'load_failed', model: FILE.key, error: ERROR });
    await assert.rejects(refused, { code: 'model_invalid' });
    assert.deepEqual(given.givenUp, ['m:1:1 model_invalid']);
    const again = given.loader.load(FILE, 'one');
    given.loaded(0);
    await again;
    assert.deepEqual(given.sent, ['load→0', 'load→0']);
  });

  it('gives a model up that has ended two workers while they loaded it', async () => {
    const given = setUp(1);
    const refused = given.loader.load(FILE, 'one');
    given.loader.workerLost(given.worker(0), 'killed');
    given.loader.workerReady(given.worker(0));
    given.loader.workerLost(given.worker(0), 'killed');
    await assert.rejects(refused, { code: 'model_failed', message: /killed/ });
  });

  it('does not blame a model for workers that were sent away while they loaded it', async () => {
    const given = setUp(3);
    const one = given.loader.load(FILE, 'one');
    given.loaded(0);
    await one;
    for (const number of [1, 2]) {
      given.worker(number).state = 'leaving';
      given.loader.workerLost(given.worker(number), 'sent away');
    }
    assert.deepEqual(given.givenUp, []);
  });

  it('does not give up a model that a worker holds', async () => {
    const given = setUp(3);
    const one = given.loader.load(FILE, 'one');
    given.loaded(0);
    await one;
    for (const number of [1, 2]) given.loader.workerLost(given.worker(number), 'killed');
    assert.deepEqual(given.givenUp, []);
  });
});

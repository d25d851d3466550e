import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { curveKeyPair } from 'zeromq';
import { ControlClient } from '../../../src/node/client/control-client.ts';
import type { Message } from '../../../src/wire/messages.ts';
import { FakeBroker, WELCOME } from './fake-broker.ts';

type Incoming = Message<'client_to_broker'>;
type Outgoing = Message<'broker_to_client'>;

let release: (() => void)[] = [];
afterEach(() => {
  for (const free of release) free();
  release = [];
});

async function broker(answer: (message: Incoming) => Outgoing[]): Promise<FakeBroker> {
  const made = await FakeBroker.start(message => (message.op === 'hello' ? [WELCOME] : answer(message)));
  release.push(() => made.stop());
  return made;
}

async function open(fake: FakeBroker, signal?: AbortSignal): Promise<ControlClient> {
  const client = await ControlClient.open(fake.address, {
    name: 'default',
    timeoutMs: 2_000,
    ...(signal && { signal })
  });
  release.push(() => client.close());
  return client;
}

const reply = (request: string, result: Record<string, unknown>): Outgoing => ({
  op: 'reply',
  request,
  result
});
const requestOf = (message: Incoming): string => ('request' in message ? message.request : '');
const refusal = (request: string | null, code: 'model_not_found' | 'bad_message'): Outgoing => ({
  op: 'error',
  request,
  run: null,
  error: { code, message: 'No.', remedy: 'Another one.', details: { path: '/x' } }
});

describe('a control client', () => {
  test('gives each request the answer of its own id, whatever the order', async () => {
    const held: string[] = [];
    const fake = await broker(message => {
      held.push(requestOf(message));
      if (held.length < 2) return [];
      return held.reverse().map(request => reply(request, { answers: request }));
    });
    const client = await open(fake);
    const [first, second] = await Promise.all([
      client.request('status', {}, 2_000),
      client.request('scale', { numWorker: 3 }, 2_000)
    ]);
    assert.deepEqual(first, { answers: 'status-1' });
    assert.deepEqual(second, { answers: 'scale-2' });
    assert.deepEqual(fake.seen.at(-1), { op: 'scale', request: 'scale-2', numWorker: 3 });
  });

  test('leaves the keys of a result as they are', async () => {
    const client = await open(await broker(message => [reply(requestOf(message), { rows_done: 3 })]));
    assert.deepEqual(await client.request('status', {}, 2_000), { rows_done: 3 });
  });

  test('raises what the broker refuses, with its code, remedy and details', async () => {
    const client = await open(await broker(message => [refusal(requestOf(message), 'model_not_found')]));
    await assert.rejects(client.request('load', { model: '/x' }, 2_000), {
      code: 'model_not_found',
      remedy: 'Another one.',
      details: { path: '/x' }
    });
  });

  test('says so when no answer comes within the limit', async () => {
    const client = await open(await broker(() => []));
    await assert.rejects(client.request('status', {}, 30), { code: 'timeout' });
  });

  test('goes on after a request that nobody answered', async () => {
    const client = await open(
      await broker(message => (message.op === 'scale' ? [reply(requestOf(message), {})] : []))
    );
    await assert.rejects(client.request('status', {}, 30), { code: 'timeout' });
    assert.deepEqual(await client.request('scale', { numWorker: 1 }, 2_000), {});
  });

  test('hears at once that the cluster is gone', async () => {
    const fake = await broker(() => []);
    const client = await open(fake);
    const waiting = client.request('status', {}, 60_000);
    setImmediate(() => fake.stop());
    await assert.rejects(waiting, { code: 'cluster_lost' });
    await assert.rejects(client.request('status', {}, 60_000), { code: 'cluster_lost' });
  });

  test('rejects what waits with the reason of its signal', async () => {
    const lifetime = new AbortController();
    const client = await open(await broker(() => []), lifetime.signal);
    const waiting = client.request('status', {}, 60_000);
    lifetime.abort(new Error('Ctrl-C'));
    await assert.rejects(waiting, { message: 'Ctrl-C' });
  });

  test('closes on an error that names no request', async () => {
    const client = await open(await broker(() => [refusal(null, 'bad_message')]));
    await assert.rejects(client.request('status', {}, 2_000), { code: 'bad_message' });
    await assert.rejects(client.request('status', {}, 2_000), { code: 'bad_message' });
  });

  test('sends the end of a run by its id', async () => {
    const fake = await broker(message => (message.op === 'status' ? [reply(message.request, {})] : []));
    const client = await open(fake);
    await client.cancel('run-7');
    await client.request('status', {}, 2_000);
    assert.deepEqual(fake.seen[1], { op: 'cancel', run: 'run-7' });
  });
});

describe('over TCP', () => {
  async function overTcp(): Promise<FakeBroker> {
    const answer = (message: Incoming) =>
      message.op === 'hello' ? [WELCOME] : [reply(requestOf(message), {})];
    const fake = await FakeBroker.start(answer, 'tcp');
    release.push(() => fake.stop());
    return fake;
  }

  test('a client that has the key is let in', async () => {
    const client = await open(await overTcp());
    assert.deepEqual(await client.request('status', {}, 2_000), {});
  });

  for (const [title, serverKey] of [
    ['another key', curveKeyPair().publicKey],
    ['no key', null]
  ] as const) {
    test(`a client that has ${title} is not`, async () => {
      const fake = await overTcp();
      const address = { ...fake.address, serverKey };
      await assert.rejects(ControlClient.open(address, { name: 'default', timeoutMs: 300 }));
      assert.deepEqual(fake.seen, []);
    });
  }
});

describe('a handshake', () => {
  const cases: [string, Outgoing[], Record<string, unknown>][] = [
    [
      'names both versions of the protocol',
      [{ ...WELCOME, protocol: 9 }],
      { code: 'protocol_mismatch', details: { client: 1, cluster: 9, cluster_version: '0.1.0' } }
    ],
    ['raises what the broker answers', [refusal(null, 'bad_message')], { code: 'bad_message' }],
    ['ends when no welcome comes', [], { code: 'timeout' }]
  ];
  for (const [title, answers, expected] of cases) {
    test(title, async () => {
      const fake = await FakeBroker.start(() => answers);
      release.push(() => fake.stop());
      const opening = ControlClient.open(fake.address, { name: 'default', timeoutMs: 200 });
      await assert.rejects(opening, expected);
    });
  }
});

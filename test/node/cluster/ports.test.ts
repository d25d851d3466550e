import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { choosePorts, tcpEndpoint } from '../../../src/node/cluster/ports.ts';
import { freePort } from './free-port.ts';

const WISH = { host: '127.0.0.1', port: null, portOut: null, insist: false };

/** A port that somebody listens at. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

describe('the ports of a TCP door', () => {
  test('are those that were named', async () => {
    const [port, portOut] = [await freePort(), await freePort()];
    assert.deepEqual(await choosePorts({ ...WISH, port, portOut }), {
      host: '127.0.0.1',
      port,
      portOut,
      portFixed: true
    });
  });

  for (const option of ['port', 'portOut'] as const) {
    test(`are refused when the ${option} that was named is taken`, async () => {
      const taken = await takenPort();
      const error = await choosePorts({ ...WISH, port: await freePort(), [option]: taken }).catch(
        thrown => thrown
      );
      assert.equal(error.code, 'port_taken');
      assert.match(error.message, new RegExp(`Port ${taken} `));
    });
  }

  test('are refused when both are the same', async () => {
    const port = await freePort();
    await assert.rejects(choosePorts({ ...WISH, port, portOut: port }), { code: 'port_taken' });
  });

  test('are free ones when nobody named any and the usual ones are taken', async () => {
    const usual = { port: await takenPort(), portOut: await freePort() };
    const ports = await choosePorts(WISH, usual);
    assert.notEqual(ports.port, usual.port);
    assert.deepEqual([ports.portOut, ports.portFixed], [usual.portOut, false]);
    await assert.rejects(choosePorts({ ...WISH, insist: true }, usual), { code: 'port_taken' });
  });

  test('are refused on a host that is not this machine', async () => {
    await assert.rejects(choosePorts({ ...WISH, host: '203.0.113.1' }), {
      code: 'bad_option',
      details: { option: 'host', value: '203.0.113.1' }
    });
  });

  for (const [host, address] of [
    ['localhost', '127.0.0.1'],
    ['*', '0.0.0.0']
  ] as const) {
    test(`are opened on ${address} for ${host}`, async () => {
      const named = { port: await freePort(), portOut: await freePort() };
      assert.equal((await choosePorts({ ...WISH, ...named, host })).host, address);
    });
  }

  test('are written as ZeroMQ reads them', () => {
    assert.equal(tcpEndpoint('127.0.0.1', 5555), 'tcp://127.0.0.1:5555');
    assert.equal(tcpEndpoint('::1', 5555), 'tcp://[::1]:5555');
  });
});

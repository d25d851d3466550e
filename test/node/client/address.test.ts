import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ipcAddress, isListening, isLoopback, portOf, tcpAddress } from '../../../src/node/client/address.ts';
import { temporaryFolder } from '../cluster/temporary.ts';

const FILE = {
  protocol: 1,
  name: 'default',
  instance: 'abc',
  version: '0.1.0',
  pid: 17,
  socket_dir: '/r',
  endpoints: { in: 'ipc:///r/in', out: 'ipc:///r/out' },
  tcp: { in: 'tcp://0.0.0.0:5555', out: 'tcp://0.0.0.0:5556', public_key: 'key' }
};

describe('an address', () => {
  test('on this machine is a pair of sockets without a key', () => {
    assert.deepEqual(ipcAddress(FILE), { ...FILE.endpoints, serverKey: null });
  });
  test('on another machine has its name and the key', () => {
    assert.deepEqual(tcpAddress(FILE, 'gpu-box'), {
      in: 'tcp://gpu-box:5555',
      out: 'tcp://gpu-box:5556',
      serverKey: 'key'
    });
  });
  test('is not there without a TCP door', () =>
    assert.equal(tcpAddress({ ...FILE, tcp: null }, 'gpu-box'), null));

  const ports: [string | undefined, number | null][] = [
    ['tcp://127.0.0.1:5555', 5555],
    ['tcp://[::1]:5556', 5556],
    ['ipc:///r/in', null],
    [undefined, null]
  ];
  for (const [endpoint, port] of ports) {
    test(`${endpoint} has port ${port}`, () => assert.equal(portOf(endpoint), port));
  }

  for (const [host, expected] of [
    ['localhost', true],
    ['127.0.0.1', true],
    ['::1', true],
    ['gpu-box', false]
  ] as const) {
    test(`${host} is ${expected ? '' : 'not '}this machine`, () => assert.equal(isLoopback(host), expected));
  }
});

describe('listening', () => {
  test('is seen at a socket in the file system', async () => {
    const path = join(temporaryFolder(), 's');
    const server = createServer().listen(path);
    await once(server, 'listening');
    after(() => server.close());
    assert.equal(await isListening(`ipc://${path}`), true);
  });

  test('is seen at a port, also of a door on every address', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal(await isListening(`tcp://0.0.0.0:${address.port}`), true);
    server.close();
    await once(server, 'close');
    assert.equal(await isListening(`tcp://127.0.0.1:${address.port}`), false);
  });

  test('is not seen where the socket is gone', async () => {
    assert.equal(await isListening(`ipc://${join(temporaryFolder(), 'gone')}`), false);
  });
});

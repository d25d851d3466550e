import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { BrokerConfig } from '../../../src/node/cluster/config.ts';
import { endBroker } from '../../../src/node/cluster/ending.ts';
import { type LaunchOptions, launch } from '../../../src/node/cluster/launch.ts';
import { doorsIn, makeSocketFolder } from '../../../src/node/cluster/socket-folder.ts';
import { STATUS } from '../cli/documents.ts';
import { temporaryFolder } from './temporary.ts';

/** A broker that is this script. */
function brokerOf(script: string): { config: BrokerConfig; options: LaunchOptions } {
  const folder = temporaryFolder();
  const brokerEntry = join(folder, 'broker.mjs');
  writeFileSync(brokerEntry, script);
  const socketDir = makeSocketFolder('a', folder, null);
  const config: BrokerConfig = {
    name: 'a',
    instance: 'abc',
    version: '0.1.0',
    socketDir,
    connectionFile: join(folder, 'mdm-a.json'),
    endpoints: doorsIn(socketDir),
    tcp: null,
    numWorker: 1,
    devices: ['cpu'],
    maxBatchSize: null,
    modelBatch: 1024,
    priorityBatchSize: 16,
    gpuMemoryFraction: 0.2,
    runScriptDir: folder,
    logger: null,
    verbose: false,
    endWithStdin: false,
    workerEntry: '',
    maxAttempts: 2
  };
  const { signal } = new AbortController();
  return { config, options: { brokerEntry, stdin: 'ignore', stderr: 'file', signal } };
}

const tell = (event: object) => `console.log(${JSON.stringify(JSON.stringify(event))});`;
const STAY = 'setInterval(() => {}, 1000);';
const READY = tell({ event: 'ready', ...STATUS });

describe('a launch', () => {
  test('gives the status of the cluster that is ready, and its workers on the way', async () => {
    const worker = { event: 'worker_ready', id: 0, pid: 7, device: 'cpu', cores: '0' };
    const { config, options } = brokerOf(`${tell(worker)} console.log('noise'); ${READY} ${STAY}`);
    const workers: unknown[] = [];
    const { child, status } = await launch(config, { ...options, onWorkerReady: each => workers.push(each) });
    assert.deepEqual(status, STATUS);
    assert.deepEqual(workers, [worker]);
    await endBroker(child);
  });

  test('hands the configuration over as one argument', async () => {
    const check = `if (JSON.parse(process.argv[2]).name !== 'a') process.exit(9);`;
    const { config, options } = brokerOf(`${check} ${READY} ${STAY}`);
    await endBroker((await launch(config, options)).child);
  });

  const error = { code: 'port_taken', message: 'm', remedy: 'r', details: { port: 1 } };
  const failures: [string, string, object][] = [
    ['raises what the broker says', `${tell({ event: 'error', error })} process.exit(1)`, error],
    [
      'quotes what a broker wrote before it died',
      `console.error('oh dear'); process.exit(4)`,
      { code: 'worker_cannot_start', message: /exit code 4\)\.\n {2}│ oh dear/ }
    ],
    [
      'does not wait for ever',
      `console.error('busy'); ${STAY}`,
      { code: 'timeout', message: /within 0\.5 s\.\n {2}│ busy/ }
    ],
    ['takes no status that is none', `${tell({ event: 'ready', name: 1 })} ${STAY}`, { code: 'bad_message' }]
  ];
  for (const [title, script, expected] of failures) {
    test(`${title}, and leaves nothing behind`, async () => {
      const { config, options } = brokerOf(script);
      await assert.rejects(launch(config, { ...options, timeoutMs: 500 }), expected);
      assert.equal(existsSync(config.socketDir), false);
    });
  }

  test('ends when its signal does, and leaves nothing behind', async () => {
    const { config, options } = brokerOf(STAY);
    const lifetime = new AbortController();
    const launching = launch(config, { ...options, signal: lifetime.signal });
    lifetime.abort(new Error('Ctrl-C'));
    await assert.rejects(launching, { message: 'Ctrl-C' });
    assert.equal(existsSync(config.socketDir), false);
  });
});

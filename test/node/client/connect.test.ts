import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connect, occupantOf } from '../../../src/node/client/connect.ts';
import {
  type ConnectionFile,
  readConnectionFile,
  writeConnectionFile
} from '../../../src/node/cluster/connection.ts';
import type { Message } from '../../../src/wire/messages.ts';
import { temporaryFolder } from '../cluster/temporary.ts';
import { FakeBroker, WELCOME } from './fake-broker.ts';

type Outgoing = Message<'broker_to_client'>;

/** A broker that can be found by its name. */
async function cluster(folder: string, name: string, greeting: Outgoing[]): Promise<ConnectionFile> {
  const broker = await FakeBroker.start(message =>
    message.op === 'hello' ? greeting : [{ op: 'reply', request: 'status-1', result: { name } }]
  );
  after(() => broker.stop());
  return file(folder, name, { in: broker.address.in, out: broker.address.out });
}

function file(folder: string, name: string, endpoints: ConnectionFile['endpoints']): ConnectionFile {
  writeConnectionFile(join(folder, `mdm-${name}.json`), {
    protocol: 1,
    name,
    instance: 'abc',
    version: '0.1.0',
    pid: 17,
    socket_dir: folder,
    endpoints,
    curve_public_key: null
  });
  const written = readConnectionFile(folder, name);
  assert.ok(written);
  return written;
}

const gone = (folder: string) => ({ in: `ipc://${folder}/gone-in`, out: `ipc://${folder}/gone-out` });

describe('connecting by name', () => {
  test('finds the cluster in the runtime folder', async () => {
    const folder = temporaryFolder();
    await cluster(folder, 'here', [WELCOME]);
    const client = await connect('here', { env: { JUPYTER_RUNTIME_DIR: folder } });
    assert.deepEqual(await client.request('status', {}, 2_000), { name: 'here' });
    client.close();
  });

  test('names the clusters that run where that one does not', async () => {
    const folder = temporaryFolder();
    await cluster(folder, 'here', [WELCOME]);
    file(folder, 'dead', gone(folder));
    for (const name of ['other', 'dead']) {
      await assert.rejects(connect(name, { env: { JUPYTER_RUNTIME_DIR: folder } }), {
        code: 'no_cluster',
        message: `No cluster named "${name}" answers. Running: "here".`,
        remedy: 'Use --name here, or start one with "mdm start".',
        details: { running: ['here'] }
      });
    }
  });

  test('says how to start one where none runs', async () => {
    await assert.rejects(connect('a', { env: { JUPYTER_RUNTIME_DIR: temporaryFolder() } }), {
      code: 'no_cluster',
      remedy: 'Start one with "mdm start".'
    });
  });

  test('is not tried with a name that cannot be one', async () => {
    await assert.rejects(connect('../a'), { code: 'bad_option' });
  });
});

describe('behind a connection file', () => {
  const cases: [string, Outgoing[], string][] = [
    ['a cluster may answer', [WELCOME], 'answers'],
    ['a cluster may answer in another version of the protocol', [{ ...WELCOME, protocol: 9 }], 'answers'],
    ['somebody may be silent', [], 'silent']
  ];
  for (const [title, greeting, occupant] of cases) {
    test(title, async () => {
      assert.equal(await occupantOf(await cluster(temporaryFolder(), 'a', greeting), 300), occupant);
    });
  }
  test('nobody may be left', async () => {
    const folder = temporaryFolder();
    assert.equal(await occupantOf(file(folder, 'a', gone(folder))), 'nobody');
  });
});

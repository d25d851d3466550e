import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConnectionFile } from '../../../src/node/cluster/connection.ts';
import { holdsWithin } from '../../../src/node/cluster/ending.ts';
import { freePort } from '../cluster/free-port.ts';
import { codeOf, endsSoon, HeldPipe, lineWith, Shell } from './harness.ts';

describe('mdm start', () => {
  test('comes back when the cluster is ready, and leaves it running', async () => {
    const shell = new Shell();
    const { code, out, err } = await shell.mdm('start', '-n', '2');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /worker 1 {2}cpu {2}cores 1[\s\S]*ready and listening/);
    assert.equal((await shell.mdm('status')).code, 0);
    assert.deepEqual((await shell.mdm('terminate')).err, '');
    assert.deepEqual(readdirSync(shell.folder), []);
  });

  test('says on one line what came up, for programs', async () => {
    const shell = new Shell();
    const { out } = await shell.mdm('start', '--json', '--num-worker', '1', '--max-batch-size', '512');
    const document = JSON.parse(out);
    assert.equal(out.trim().split('\n').length, 1);
    assert.deepEqual([document.event, document.name, document.workers.length], ['ready', 'default', 1]);
    assert.equal(document.options.max_batch_size, 512);
  });

  test('keeps what it makes private', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    const file = readConnectionFile(shell.folder, 'default');
    assert.ok(file);
    assert.equal(statSync(file.socket_dir).mode & 0o777, 0o700);
    assert.equal(statSync(join(shell.folder, 'mdm-default.json')).mode & 0o777, 0o600);
  });

  test('tells each worker as it comes, where more is asked for', async () => {
    const { err } = await new Shell().mdm('start', '-n', '1', '--verbose');
    assert.match(err, /^worker 0 is ready on cpu, cores 0, pid 100 · /);
  });

  test('refuses a second cluster of the same name', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    const { code, err } = await shell.mdm('start', '-n', '1');
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`"default" runs already \\(pid ${shell.brokerPid()}\\)[\\s\\S]*mdm terminate[\\s\\S]*--name`)
    );
    assert.equal((await shell.mdm('start', '-n', '1', '--name', 'second')).code, 0);
  });

  test('takes the place of a cluster that died, and clears up after it', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    const dead = readConnectionFile(shell.folder, 'default');
    assert.ok(dead);
    process.kill(dead.pid, 'SIGKILL');
    assert.ok(await endsSoon(dead.pid));
    assert.ok(existsSync(dead.socket_dir));
    const again = await shell.mdm('start', '-n', '1');
    assert.equal(again.code, 0, again.err);
    assert.equal(existsSync(dead.socket_dir), false);
    assert.notEqual(readConnectionFile(shell.folder, 'default')?.instance, dead.instance);
  });

  test('takes the place of a file that is not whole', async () => {
    const shell = new Shell();
    writeFileSync(join(shell.folder, 'mdm-default.json'), '{');
    assert.equal((await shell.mdm('start', '-n', '1')).code, 0);
  });

  const refused: [string, string[], number, RegExp][] = [
    ['what the broker says', ['--name', 'refuses'], 1, /No worker came up\.\n {2}→ Look\./],
    ['the last words of a broker that died', ['--name', 'dies'], 1, /exit code 1\)[\s\S]*the sky fell/],
    [
      'a device that is not there',
      ['--device-map', '0'],
      1,
      /cuda:0 is not visible to this process; visible: cpu/
    ],
    ['a folder of scripts that is not there', ['--run-script-dir', 'none'], 1, /--run-script-dir .*none/],
    ['a log in a folder that is not there', ['--logger', 'none/l.txt'], 1, /--logger .*none\/l\.txt/],
    ['an option that is not there', ['--wrokers', '2'], 2, /no option --wrokers/]
  ];
  for (const [title, words, expected, message] of refused) {
    test(`tells ${title}, and leaves nothing behind`, async () => {
      const shell = new Shell();
      const { code, out, err } = await shell.mdm('start', ...words);
      assert.deepEqual([code, out], [expected, '']);
      assert.match(err, message);
      assert.deepEqual(readdirSync(shell.folder), []);
    });
  }

  test('tells a port that is taken before anything is started', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const shell = new Shell();
    const { code, out } = await shell.mdm('start', '--port', String(port), '--json');
    server.close();
    const document = JSON.parse(out);
    assert.equal(code, 1);
    assert.deepEqual(
      [document.event, document.error.code, document.error.details.port],
      ['error', 'port_taken', port]
    );
    assert.deepEqual(readdirSync(shell.folder), []);
  });
});

describe('mdm start that is interrupted', () => {
  test('ends what it has started', async () => {
    const shell = new Shell();
    const cli = shell.spawn('start', '--name', 'hangs');
    assert.ok(await holdsWithin(() => readdirSync(shell.folder).length > 0, 5_000));
    cli.kill('SIGINT');
    assert.equal(await codeOf(cli), 130);
    assert.deepEqual(readdirSync(shell.folder), []);
  });
});

describe('mdm start --foreground', () => {
  test('stays until it is interrupted, and ends as the cluster does', async () => {
    const shell = new Shell();
    const cli = shell.spawn('start', '--foreground', '-n', '1');
    await lineWith(cli, 'ready and listening');
    const broker = shell.brokerPid();
    cli.kill('SIGINT');
    assert.equal(await codeOf(cli), 0);
    assert.ok(await endsSoon(broker));
    assert.deepEqual(readdirSync(shell.folder), []);
  });

  test('ends when the cluster is terminated from elsewhere', async () => {
    const shell = new Shell();
    const cli = shell.spawn('start', '--foreground', '-n', '1');
    await lineWith(cli, 'ready and listening');
    assert.equal((await shell.mdm('terminate')).code, 0);
    assert.equal(await codeOf(cli), 0);
  });

  test('takes the cluster with it when it is killed', async () => {
    const shell = new Shell();
    const cli = shell.spawn('start', '--foreground', '-n', '1');
    await lineWith(cli, 'ready and listening');
    const broker = shell.brokerPid();
    cli.kill('SIGKILL');
    assert.ok(await endsSoon(broker));
    assert.deepEqual(readdirSync(shell.folder), []);
  });

  test('tells how the cluster ended, and clears up after it', async () => {
    const shell = new Shell();
    const cli = shell.spawn('start', '--foreground', '-n', '1');
    await lineWith(cli, 'ready and listening');
    process.kill(shell.brokerPid(), 'SIGKILL');
    assert.equal(await codeOf(cli), 137);
    assert.deepEqual(readdirSync(shell.folder), []);
  });
});

describe('mdm start --end-with-stdin', () => {
  test('gives the cluster the life of our stdin, even after it has returned', async () => {
    const shell = new Shell();
    const held = new HeldPipe();
    const cli = shell.spawnWith(held.end, 'start', '--end-with-stdin', '-n', '1');
    assert.equal(await codeOf(cli), 0);
    const broker = shell.brokerPid();
    assert.equal((await shell.mdm('status')).code, 0);
    held.close();
    assert.ok(await endsSoon(broker));
    assert.deepEqual(readdirSync(shell.folder), []);
  });

  test('does so in the foreground when it is killed', async () => {
    const shell = new Shell();
    const held = new HeldPipe();
    const cli = shell.spawnWith(held.end, 'start', '--foreground', '--end-with-stdin', '-n', '1', '--json');
    const ready = JSON.parse(await lineWith(cli, 'ready'));
    cli.kill('SIGKILL');
    await codeOf(cli);
    assert.equal((await shell.mdm('status')).code, 0);
    held.close();
    assert.ok(await endsSoon(ready.broker.pid));
  });
});

describe('MDM-server-start', () => {
  test('writes its log here and has TCP doors, as the original did', async () => {
    const shell = new Shell();
    const [port, portOut] = [await freePort(), await freePort()];
    const ports = [`-port=${port}`, `-port_out=${portOut}`];
    const { code, out } = await shell.mdm(
      'server-start',
      '-num_worker=1',
      ...ports,
      '-foreground=False',
      '--json'
    );
    assert.equal(code, 0);
    const { options, endpoints } = JSON.parse(out);
    assert.equal(options.logger, join(shell.folder, 'logger.txt'));
    assert.deepEqual(
      [endpoints.tcp_in, endpoints.tcp_out],
      [`tcp://127.0.0.1:${port}`, `tcp://127.0.0.1:${portOut}`]
    );
  });
});

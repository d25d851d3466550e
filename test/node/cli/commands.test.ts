import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { freePort } from '../cluster/free-port.ts';
import { Shell } from './harness.ts';

describe('a running cluster', () => {
  const shell = new Shell();
  before(async () => {
    assert.equal((await shell.mdm('start', '-n', '2', '--name', 'c')).code, 0);
  });
  const mdm = (...words: string[]) => shell.mdm(...words, '--name', 'c');

  test('tells its status as text', async () => {
    const { code, out } = await mdm('status');
    assert.equal(code, 0);
    assert.match(
      out,
      /^c · pid \d+ · up [\s\S]*\nworkers\n[\s\S]*flights\.onnx {2}x float32\[n, 12\][\s\S]*delays/
    );
  });

  test('tells its status as one document', async () => {
    const document = JSON.parse((await mdm('status', '--json')).out);
    assert.deepEqual(Object.keys(document), [
      'name',
      'version',
      'instance',
      'endpoints',
      'broker',
      'options',
      'workers',
      'models',
      'runs',
      'queue',
      'totals'
    ]);
  });

  test('tells its runs', async () => {
    assert.match((await mdm('runs')).out, /run-1/);
    assert.equal(JSON.parse((await mdm('runs', '--json')).out)[0].label, 'delays');
  });

  test('takes more workers, and fewer', async () => {
    assert.deepEqual((await mdm('scale', '3')).out, 'c: 3 workers\n');
    assert.deepEqual(JSON.parse((await mdm('scale', '1', '--json')).out), { num_worker: 1 });
  });

  for (const count of ['0', 'two', '-1']) {
    test(`cannot be scaled to ${count}`, async () => {
      const { code, err } = await mdm('scale', count);
      assert.equal(code, 2);
      assert.match(err, /N expects a whole number from 1/);
    });
  }

  test('loads a file by its full path, anything else by its name', async () => {
    writeFileSync(join(shell.folder, 'm.onnx'), '');
    assert.match(
      (await mdm('load', 'm.onnx')).out,
      new RegExp(`^${join(shell.folder, 'm.onnx')}: loaded on 1 worker`)
    );
    assert.match(
      (await mdm('load', 'there.onnx')).out,
      /^there\.onnx: loaded on 1 worker in 0\.01 s\n {2}x float32/
    );
  });

  test('unloads a model by its name', async () => {
    assert.match(
      (await mdm('unload', 'flights.onnx')).out,
      /^\/models\/flights\.onnx: unloaded from 1 worker/
    );
  });

  test('says which models are loaded when it has not the one that is meant', async () => {
    const { code, err } = await mdm('unload', 'other.onnx');
    assert.equal(code, 1);
    assert.match(err, /loaded: flights\.onnx/);
  });

  test('cancels a run and says how far it came', async () => {
    assert.equal((await mdm('cancel', 'delays')).out, 'delays: cancelled after 40 rows\n');
    assert.equal((await mdm('cancel', 'delays')).code, 2);
  });
});

describe('mdm terminate', () => {
  test('prints the signal sent, and that the cluster is gone', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    const { code, out } = await shell.mdm('terminate');
    assert.equal(code, 0);
    assert.match(
      out,
      /^sent terminate \(drain\) to cluster "default" at ipc:.*\ncluster "default" terminated\n$/
    );
  });

  test('tells what it cancelled', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    assert.match((await shell.mdm('terminate', '--now')).out, /\(now\)[\s\S]*terminated; 1 run cancelled/);
  });

  test('answers with one document, for programs', async () => {
    const shell = new Shell();
    await shell.mdm('start', '-n', '1');
    const { out } = await shell.mdm('terminate', '--json');
    assert.deepEqual(JSON.parse(out), { state: 'terminated', runs_cancelled: 0 });
  });

  test('finds a cluster by its port, as the original did', async () => {
    const shell = new Shell();
    const port = await freePort();
    await shell.mdm(
      'start',
      '-n',
      '1',
      '--name',
      'p',
      '--port',
      String(port),
      '--port-out',
      String(await freePort())
    );
    const { code, out } = await shell.mdm(
      'server-terminate',
      '-ip',
      'localhost',
      `-port=${port}`,
      '-timeout=5000'
    );
    assert.equal(code, 0);
    assert.match(out, /cluster "p" terminated/);
  });

  for (const words of [
    ['terminate'],
    ['server-terminate', '-port=25755', '-timeout=500'],
    ['status'],
    ['scale', '2']
  ]) {
    test(`says that there is no cluster: ${words.join(' ')}`, async () => {
      const { code, out, err } = await new Shell().mdm(...words);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /No cluster [\s\S]* answers\. No cluster runs\.\n {2}→ Start one with "mdm start"\./);
    });
  }

  test('asks for the port of a cluster elsewhere', async () => {
    assert.equal((await new Shell().mdm('terminate', '--ip', 'gpu-box')).code, 2);
  });
});

describe('mdm', () => {
  const cases: [string, string[], number, RegExp][] = [
    ['shows its commands', [], 0, /start[\s\S]*terminate/],
    ['shows its commands on help', ['help'], 0, /start[\s\S]*terminate/],
    ['shows its commands on --help', ['--help'], 0, /start[\s\S]*terminate/],
    ['shows the options of a command', ['help', 'scale'], 0, /^mdm scale N/],
    ['shows the options of a command that is asked for help', ['scale', '-h'], 0, /^mdm scale N/],
    ['tells its version', ['version'], 0, /^mdm \d+\.\d+\.\d+ \(protocol 1, Node v/],
    ['tells its version on --version', ['--version'], 0, /^mdm \d/]
  ];
  for (const [title, words, expected, text] of cases) {
    test(title, async () => {
      const { code, out, err } = await new Shell().mdm(...words);
      assert.deepEqual([code, err], [expected, '']);
      assert.match(out, text);
    });
  }

  test('names the nearest command', async () => {
    const { code, err } = await new Shell().mdm('strat');
    assert.equal(code, 2);
    assert.match(err, /Did you mean "mdm start"\?/);
  });

  test('wants the command first', async () => {
    assert.equal((await new Shell().mdm('--num-worker', '2')).code, 2);
  });

  test('writes errors as one JSON line where JSON is asked for', async () => {
    const { code, out, err } = await new Shell().mdm('status', '-json');
    const { event, error } = JSON.parse(out);
    assert.deepEqual([code, err, event, error.code], [1, '', 'error', 'no_cluster']);
    assert.deepEqual(Object.keys(error), ['code', 'message', 'remedy', 'details']);
  });
});

describe('mdm predict', () => {
  test('is handed to Python with its words, and ends as that does', async () => {
    const shell = new Shell();
    const python = join(shell.folder, 'python');
    writeFileSync(python, `#!/bin/sh\necho "$@" > "${shell.folder}/words"\nexit 3\n`, { mode: 0o755 });
    const { code } = await shell.mdmWith(
      { MDM_PYTHON: python },
      'predict',
      'm.onnx',
      'in.parquet',
      '-o',
      'out.parquet',
      '--help'
    );
    assert.equal(code, 3);
    assert.equal(
      readFileSync(join(shell.folder, 'words'), 'utf8'),
      '-m jupyterlab_mdm predict m.onnx in.parquet -o out.parquet --help\n'
    );
  });

  test('says which Python it could not start', async () => {
    const { code, err } = await new Shell().mdmWith({ MDM_PYTHON: '/no/python' }, 'predict', 'm');
    assert.equal(code, 2);
    assert.match(err, /"\/no\/python"[\s\S]*MDM_PYTHON/);
  });
});

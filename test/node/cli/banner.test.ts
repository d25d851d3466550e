import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { banner } from '../../../src/node/cli/banner.ts';
import { styleFor } from '../../../src/node/cli/style.ts';
import { STATUS } from './documents.ts';

const facts = { status: STATUS, seconds: 0.618, foreground: false, notes: [] };

describe('the banner', () => {
  test('shows arguments, sockets, each worker with device and cores, and that it listens', () => {
    assert.equal(
      banner(facts, styleFor(false)),
      `mdm 0.1.0 · cluster default · pid 4711

  arguments
    name        default
    num_worker  2
    device_map  -1
    logger      None
    verbose     false

  sockets
    requests in  ipc:///r/in
    results out  ipc:///r/out

  workers
    worker 0  cpu     cores 0   pid 4712
    worker 1  cuda:0  any core  pid 4713

● ready and listening · 0.62 s
  mdm status · mdm terminate`
    );
  });

  test('shows the TCP door and what is unusual about it', () => {
    const endpoints = {
      ...STATUS.endpoints,
      tcp_in: 'tcp://127.0.0.1:6000',
      tcp_out: 'tcp://127.0.0.1:6001'
    };
    const text = banner(
      { ...facts, status: { ...STATUS, endpoints }, notes: ['5555 was in use.'] },
      styleFor(false)
    );
    assert.match(text, /requests in {2}tcp:\/\/127\.0\.0\.1:6000 {2}\(CURVE\)/);
    assert.match(text, /results out {2}tcp:\/\/127\.0\.0\.1:6001 {2}\(CURVE\)/);
    assert.match(text, /\n {2}5555 was in use\.\n/);
  });

  test('names another cluster in the commands that come next', () => {
    const text = banner({ ...facts, status: { ...STATUS, name: 'gpu' } }, styleFor(false));
    assert.match(text, /mdm status --name gpu · mdm terminate --name gpu$/);
  });

  test('says how it ends in the foreground', () => {
    assert.match(banner({ ...facts, foreground: true }, styleFor(false)), /Ctrl-C/);
  });

  test('has colours only where they are wanted', () => {
    assert.ok(!banner(facts, styleFor(false)).includes('\u001b'));
    assert.ok(banner(facts, styleFor(true)).includes('\u001b[32m●'));
  });
});

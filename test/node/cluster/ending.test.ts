import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { endBroker, endsWithin, exitCodeOf, holdsWithin, isAlive } from '../../../src/node/cluster/ending.ts';

const STUBBORN = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')";

describe('the end of a process', () => {
  test('comes by asking', async () => {
    const child = spawn('sleep', ['60'], { detached: true });
    await endBroker(child);
    assert.equal(exitCodeOf(child), 143);
  });

  test('is insisted on where asking does not help', async () => {
    const child = spawn(process.execPath, ['-e', STUBBORN], { detached: true });
    await once(child.stdout, 'data');
    await endBroker(child, 100);
    assert.equal(exitCodeOf(child), 137);
  });

  test('is not waited for longer than said', async () => {
    const child = spawn('sleep', ['60'], { detached: true });
    assert.equal(await endsWithin(child, 10), false);
    assert.equal(exitCodeOf(child), null);
    await endBroker(child);
    assert.equal(await endsWithin(child, 10), true);
  });

  test('shows in its id', async () => {
    const child = spawn('sleep', ['60'], { detached: true });
    const pid = child.pid ?? 0;
    assert.equal(isAlive(pid), true);
    await endBroker(child);
    assert.equal(isAlive(pid), false);
  });
});

describe('looking until something holds', () => {
  test('ends when it does', async () => {
    let looks = 0;
    assert.equal(await holdsWithin(() => ++looks > 2, 10_000), true);
    assert.equal(looks, 3);
  });
  test('ends when the time is over', async () => {
    assert.equal(await holdsWithin(() => false, 30), false);
  });
});

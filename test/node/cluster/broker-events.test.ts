import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBrokerEvent } from '../../../src/node/cluster/broker-events.ts';

describe('a line of a broker', () => {
  const error = { code: 'port_taken', message: 'm', remedy: 'r', details: {} };
  const events: [string, object][] = [
    ['a worker that is ready', { event: 'worker_ready', id: 0, pid: 1, device: 'cpu', cores: '0' }],
    ['a cluster that is ready, with its status', { event: 'ready', name: 'default', workers: [] }],
    ['an error', { event: 'error', error }]
  ];
  for (const [title, event] of events) {
    test(`may tell of ${title}`, () => assert.deepEqual(parseBrokerEvent(JSON.stringify(event)), event));
  }

  for (const line of [
    '',
    'a library says hello',
    '{"event":"rea',
    '{"event":"other"}',
    '{"event":"error"}',
    '[]'
  ]) {
    test(`is passed over when it is ${JSON.stringify(line)}`, () =>
      assert.equal(parseBrokerEvent(line), null));
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/node/worker/config.ts';

const GOOD = { endpoint: 'ipc:///tmp/x', worker: 0, routingId: 'w', device: 'cuda:1', maxBatchSize: 1 };

test('a good configuration comes back as it is', () => {
  assert.deepEqual(parseConfig(JSON.stringify(GOOD)), GOOD);
});

const BAD: readonly (readonly [string, string | undefined, RegExp])[] = [
  ['no argument', undefined, /configuration/],
  ['no JSON', '{', /configuration/],
  ['a device that nobody knows', JSON.stringify({ ...GOOD, device: 'tpu' }), /device/],
  ['a batch of nothing', JSON.stringify({ ...GOOD, maxBatchSize: 0 }), /maxBatchSize/],
  ['a worker without a number', JSON.stringify({ ...GOOD, worker: undefined }), /worker/]
];

for (const [name, argument, message] of BAD) {
  test(`refuses ${name}`, () => assert.throws(() => parseConfig(argument), { code: 'bad_option', message }));
}

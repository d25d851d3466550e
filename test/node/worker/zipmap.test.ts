import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { unzip } from '../../../src/node/worker/zipmap.ts';
import { modelPath } from '../../models/models.ts';

const CLASSIFIERS: readonly (readonly [string, string, readonly string[]])[] = [
  ['sklearn_zipmap', 'output_probability', ['0', '1', '2']],
  ['string_labels', 'output_probability', ['setosa', 'versicolor', 'virginica']],
  ['lightgbm_zipmap', 'probabilities', ['0', '1']]
];

for (const [name, output, classes] of CLASSIFIERS) {
  test(`${name}: the classes become names of columns, and nothing is left to unzip`, () => {
    const unzipped = unzip(readFileSync(modelPath(name)));
    const columns = classes.map(label => `${output}_${label}`);
    assert.deepEqual([...(unzipped?.columns ?? [])], [[output, columns]]);
    assert.equal(unzip(unzipped?.model ?? new Uint8Array()), null);
  });
}

for (const name of ['mlp', 'slow', 'sequence_output']) {
  test(`${name}: there is nothing to unzip`, () => assert.equal(unzip(readFileSync(modelPath(name))), null));
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signatureText } from '../../../src/node/cli/signature-text.ts';
import { runsText, statusText } from '../../../src/node/cli/status-text.ts';
import { styleFor } from '../../../src/node/cli/style.ts';
import { STATUS } from './documents.ts';

const PLAIN = styleFor(false);

describe('the status as text', () => {
  test('shows workers, models, runs and queue', () => {
    assert.equal(
      statusText(STATUS, PLAIN),
      `default · pid 4711 · up 3 min 20 s · 2 workers · ipc:///r/in · mdm 0.1.0

workers
  id  device  cores  state  model         chunks    rows   pid
   0  cpu     0      busy   flights.onnx      12  60,000  4712
   1  cuda:0  any    idle   –                  0       0  4713

models
  flights.onnx  x float32[n, 12] → delay float32[n, 1]  on 0, 1

runs
  label   model         state    rows                            rows/s  run
  delays  flights.onnx  running  ████░░░░░░ 138,000 of 336,776  812,346  run-1
  –       flights.onnx  done     16                                   –  run-2

queue  0 small chunks · 3 bulk chunks`
    );
  });

  test('says none where there is none', () => {
    const text = statusText({ ...STATUS, models: [], runs: [], queue: { small: 0, bulk: 0 } }, PLAIN);
    assert.match(text, /\nmodels {2}none\n\nruns {2}none\n\nqueue {2}empty$/);
  });

  test('keeps to the last runs', () => {
    const runs = Array.from({ length: 20 }, (_, index) => ({ ...STATUS.runs[0], id: `run-${index}` }));
    const text = statusText({ ...STATUS, runs: runs as typeof STATUS.runs }, PLAIN);
    assert.ok(!text.includes('run-11\n') && text.includes('run-12\n') && text.includes('run-19'));
  });
});

describe('the runs as text', () => {
  test('are said to be none', () => assert.equal(runsText([], PLAIN), 'No runs yet.'));
});

describe('a signature on one line', () => {
  const [model] = STATUS.models;
  assert.ok(model);
  const [input] = model.signature.inputs;
  assert.ok(input);

  test('names fixed batches', () => {
    assert.match(signatureText({ ...model.signature, batch: 8 }), / · batches of 8$/);
  });
  test('counts the inputs that are too many to show', () => {
    const inputs = Array.from({ length: 5 }, (_, index) => ({ ...input, name: `x${index}` }));
    assert.match(signatureText({ ...model.signature, inputs }), /^x0 .*, x1 .*, x2 .*, 2 more → /);
  });
  test('shows free axes by their name', () => {
    const inputs = [{ ...input, dtype: 'int64' as const, shape: ['batch', 'sequence', null] }];
    assert.match(signatureText({ ...model.signature, inputs }), /^x int64\[n, sequence, \?\]/);
  });
});

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Shelf } from '../../../src/node/worker/shelf.ts';
import { MdmError } from '../../../src/wire/errors.ts';
import { modelPath, versionOf } from '../../models/models.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdm-shelf-'));
after(() => rmSync(folder, { recursive: true }));

const newShelf = (): Shelf => new Shelf({ device: 'cpu', maxBatchSize: 64 }, new AbortController().signal);

/** Where a model lies, and which version of it. */
const fileOf = (name: string): [path: string, version: string] => [
  modelPath(name),
  versionOf(modelPath(name))
];

async function refusal(path: string): Promise<MdmError> {
  try {
    await newShelf().load('model', path, versionOf(path));
  } catch (thrown) {
    assert.ok(thrown instanceof MdmError, String(thrown));
    return thrown;
  }
  throw new Error(`${path} was loaded`);
}

const REFUSED: readonly (readonly [string, string, RegExp, RegExp])[] = [
  ['nowhere', 'model_not_found', /cannot be read: there is no such file/, /\.onnx/],
  ['empty', 'model_invalid', /not a whole ONNX model: the file is empty/, /again/],
  ['truncated', 'model_invalid', /begins as one and breaks off or is damaged \(149125 bytes\)/, /incomplete/],
  ['not_onnx', 'model_invalid', /its 820 bytes are of another format/, /exported to ONNX/],
  [
    'opset_of_the_future',
    'model_unsupported',
    /imports opset 999 of ai\.onnx; onnxruntime-node \S+ knows opsets up to \d+/,
    /opset of at most \d+/
  ],
  ['ir_of_the_future', 'model_unsupported', /has IR version 999; .* up to \d+/, /ir_version/],
  [
    'unknown_operator',
    'model_unsupported',
    /uses operator com\.example\.custom\.Frobnicate, .*\(it imports ai\.onnx 17, com\.example\.custom 1\)/,
    /Custom operators/
  ],
  ['misspelt_operator', 'model_unsupported', /uses operator Identitty/, /operators of ONNX/],
  ['bfloat16_output', 'model_unsupported', /has output "y" \(bfloat16\)/, /float32/],
  ['sequence_output', 'model_unsupported', /has output "y", which is a sequence, map or optional/, /tensors/],
  ['two_batches', 'model_unsupported', /different lengths: "a" \[3, 2\], "b" \[4, 2\]/, /first axis/]
];

for (const [name, code, message, remedy] of REFUSED) {
  test(`${name}.onnx is refused with ${code}`, async () => {
    const error = await refusal(modelPath(name));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    assert.doesNotMatch(error.message, /onnxruntime_src|::|\n/);
    assert.equal(error.details.path, modelPath(name));
  });
}

test('a folder is refused with model_not_found', async () => {
  assert.equal((await refusal(folder)).code, 'model_not_found');
});

test('a Git LFS pointer is called one', async () => {
  const path = join(folder, 'pointer.onnx');
  writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
  assert.match((await refusal(path)).message, /Git LFS pointer/);
});

test('weights in a file beside the model are found, and missed where they are not', async () => {
  const { model } = await newShelf().load('model', ...fileOf('external_data'));
  assert.equal(model.signature.inputs[0]?.name, 'x');
  const path = join(folder, 'external_data.onnx');
  copyFileSync(modelPath('external_data'), path);
  const error = await refusal(path);
  assert.equal(error.code, 'model_invalid');
  assert.match(error.message, /keeps its weights in another file, which cannot be read: .*offset/);
});

test('a load that failed can be tried anew, and loads of one key at one time are one', async () => {
  const shelf = newShelf();
  const path = join(folder, 'late.onnx');
  await assert.rejects(shelf.load('late', path, versionOf(path)), { code: 'model_not_found' });
  copyFileSync(modelPath('doubled'), path);
  const [first, second] = await Promise.all([
    shelf.load('late', path, versionOf(path)),
    shelf.load('late', path, versionOf(path))
  ]);
  assert.equal(first.model, second.model);
  assert.equal(first.warmUpFailure, null);
});

test('a model that fails on made-up rows is loaded all the same', async () => {
  const { warmUpFailure } = await newShelf().load('picky', ...fileOf('picky'));
  assert.equal(warmUpFailure?.code, 'model_failed');
});

test('an output whose rank the file leaves open has the shape that a call gave', async () => {
  const { signature } = await newShelf().load('open', ...fileOf('open_rank'));
  assert.deepEqual(signature.outputs[0]?.shape, [null, 3]);
});

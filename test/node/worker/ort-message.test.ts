import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanMessage } from '../../../src/node/worker/ort-message.ts';

const SOURCE =
  '/onnxruntime_src/onnxruntime/core/graph/model.cc:202 onnxruntime::Model::Model(onnx::ModelProto&&, const std::function<void(int)>&)';

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'a failed node is named by its operator',
    "Non-zero status code returned while running Gather node. Name:'' Status Message: idx=99 is out of range",
    'Gather: idx=99 is out of range'
  ],
  [
    'and by its name, where it has one',
    "Non-zero status code returned while running Conv node. Name:'stem/conv' Status Message: no",
    'Conv "stem/conv": no'
  ],
  [
    'a failed node inside a loop is named behind the loop',
    "Non-zero status code returned while running Loop node. Name:'' Status Message: Non-zero status code returned while running Add node. Name:'a' Status Message: no",
    'Loop: Add "a": no'
  ],
  [
    'source path and signature go',
    `Load model from /tmp/a b.onnx failed:${SOURCE} Unsupported model IR version: 999\n`,
    'Unsupported model IR version: 999'
  ],
  [
    'lambdas and const go with the signature',
    '/onnxruntime_src/a/b.cc:1 void f(int) const::<lambda()> x.ok() was false. Why.',
    'x.ok() was false. Why.'
  ],
  ['what comes before the source stays', `Conv: ${SOURCE} no`, 'Conv: no'],
  ['lines become one', 'Got: 4\n Expected: 3\n Please fix it.', 'Got: 4 Expected: 3 Please fix it.'],
  ['a message without C++ stays', 'Protobuf parsing failed.', 'Protobuf parsing failed.']
];

for (const [name, message, expected] of CASES) {
  test(name, () => assert.equal(cleanMessage(message), expected));
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identifySeen, ModelRegistry } from '../../../src/node/broker/models.ts';

describe('the registry of models', () => {
  it('takes for older what was asked for before, never what came after', () => {
    const registry = new ModelRegistry();
    const [first, second] = ['1:1', '2:2'].map(version => {
      const file = identifySeen('/m', version);
      assert.ok(file !== null);
      return registry.ensure(file);
    });
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(registry.olderThan(second), [first]);
    assert.deepEqual(registry.olderThan(first), []);
  });

  it('knows a file as a client saw it only by its whole path', () => {
    assert.equal(identifySeen('m.onnx', '1:1'), null);
    assert.equal(identifySeen('/m.onnx', null), null);
  });
});

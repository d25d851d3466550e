import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { MdmError } from '../../src/wire/errors.ts';
import { readFrames } from '../../src/wire/frames.ts';
import { DOORS, type Door, type Message, parse } from '../../src/wire/messages.ts';
import { EXAMPLES } from './examples.ts';
import { goldenFrames, readGolden } from './golden.ts';
import { wireSchemas } from './schemas.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('messages', () => {
  it('has an example of every op of every door', () => {
    for (const [door, ops] of Object.entries(DOORS)) {
      const examples: readonly Message<Door>[] = EXAMPLES[door as Door];
      const shown = examples.map(message => message.op);
      assert.deepEqual([...shown].sort(), Object.keys(ops).sort(), door);
    }
  });

  for (const { door, file, message } of goldenFrames()) {
    it(`reads the golden frame of ${door} ${message.op}`, () => {
      assert.deepEqual(readFrames(door, readGolden(file)).message, message);
    });
  }

  it('writes the golden frames as they are on disk', () => {
    for (const golden of goldenFrames()) {
      assert.deepEqual(Buffer.from(golden.bytes), readFileSync(golden.file), golden.file);
    }
  });

  it('leaves no golden frame behind that no example makes', () => {
    const made = goldenFrames().map(golden => golden.file.split('/').at(-1));
    const first = goldenFrames()[0]?.file ?? '';
    assert.deepEqual(readdirSync(dirname(first)).sort(), made.sort());
  });

  it('has its JSON Schemas on disk as the sources say', () => {
    for (const { file, text } of wireSchemas()) assert.equal(readFileSync(file, 'utf8'), text, file);
  });

  it('leaves the keys of params as the user wrote them', () => {
    const params = { my_key: 1, myKey: { inner_key: 2 } };
    const header = {
      op: 'submit',
      run: 'r',
      model: 'm',
      version: null,
      params,
      rows: 1,
      deadline_ms: null,
      label: null
    };
    const message = parse('client_to_broker', bytes(header));
    assert.ok(message.op === 'submit');
    assert.deepEqual(message.params, params);
  });

  const refused: [name: string, header: Uint8Array, says: RegExp][] = [
    ['no JSON', new TextEncoder().encode('{'), /not JSON/],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe), /not JSON/],
    ['no header at all', new Uint8Array(), /not JSON/],
    ['JSON that is no object', bytes(3), /op ""/],
    ['an unknown op', bytes({ op: 'exec' }), /"exec"/],
    ['a name of Object.prototype as op', bytes({ op: 'constructor' }), /"constructor"/],
    ['a message of another door', bytes({ op: 'shutdown' }), /"shutdown"/],
    ['a field of the wrong type', bytes({ op: 'scale', request: 'r', num_worker: 'two' }), /num_worker/],
    ['a field that is missing', bytes({ op: 'cancel' }), /run/],
    ['a negative count', bytes({ op: 'end', run: 'r', chunks: -1, rows: 0 }), /chunks/]
  ];
  for (const [name, header, says] of refused) {
    it(`refuses ${name} as bad_message`, () => {
      assert.throws(
        () => parse('client_to_broker', header),
        (thrown: unknown) =>
          thrown instanceof MdmError && thrown.code === 'bad_message' && says.test(thrown.message)
      );
    });
  }
});
